import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readAnswers } from '../clients/answers.ts'
import { compareAnswers } from '../clients/differences.ts'
import { allSteps } from '../clients/requests/all.ts'
import { runSteps } from '../clients/run-steps.ts'
import { importBase, openStrakeTarget, type Target } from '../clients/target.ts'
import { missing } from './strake.ts'

const reason = missing('busybox', 'tar', 'ip', 'unshare', 'nsenter')
if (reason) console.info(`skipped: answers beside those of Docker: ${reason}`)

describe.skipIf(reason !== undefined)('answers of the API', () => {
  let target: Target
  beforeAll(async () => {
    target = await openStrakeTarget()
    await importBase(target)
  })
  afterAll(async () => await target?.[Symbol.asyncDispose]())

  test('have the status, the headers and the form of those of Docker 29', async () => {
    const docker = await readAnswers()
    expect(Object.keys(docker).length).toBeGreaterThan(900)
    const strake = await runSteps(target.socket, allSteps)
    expect(Object.keys(strake)).toEqual(Object.keys(docker))
    const { unexplained, stale } = await compareAnswers(docker, strake)
    // The first ones tell enough.
    expect(unexplained.slice(0, 20)).toEqual([])
    expect(stale).toEqual([])
  })
})
