import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { mapConcurrently } from '#stream'
import type { Answer } from '../docker/answer.ts'
import {
  listScripts,
  readScriptAnswers,
  readScriptDifferences,
  runScripts,
} from '../docker/scripts.ts'
import { packBusybox } from '../docker/stage.ts'
import { openStrakeStage } from '../docker/strake-stage.ts'
import { missing } from './strake.ts'

// Shell scripts that were written for Docker run unchanged where `docker` is strake, and print what they
// print with Docker 29, which `scripts/docker-answers` has written down.

const programs = ['busybox', 'tar', 'runc', 'nft', 'ip', 'unshare', 'nsenter', 'timeout', 'wget']
const reason = missing(...programs, 'docker-registry')
if (reason) console.info(`skipped: shell scripts: ${reason}`)

const names = await listScripts()
const docker = await readScriptAnswers()
const differences = await readScriptDifferences()

test('there are 25 scripts or more, and an answer of Docker to each', () => {
  expect(names.length).toBeGreaterThanOrEqual(25)
  expect(docker.map(({ line }) => line)).toEqual([...names])
  for (const { because } of differences) expect(because ?? '').toMatch(/^\S+ .*\.$/)
})

describe.skipIf(reason !== undefined)('a script runs unchanged with strake', () => {
  const answers = new Map<string, Answer>()
  let directory: string
  beforeAll(async () => {
    directory = mkdtempSync('/dev/shm/strake-scripts-')
    const archive = await packBusybox(directory)
    const shares = [0, 1, 2, 3].map((share) => names.filter((_, index) => index % 4 === share))
    await mapConcurrently(shares, shares.length, async (chosen) => {
      await using stage = await openStrakeStage({ BUSYBOX: archive })
      const clear =
        'docker rm -f $(docker ps -aq); docker volume prune -af; docker network prune -f'
      for (const answer of await runScripts(stage, chosen, clear)) answers.set(answer.line, answer)
    })
  }, 300_000)
  afterAll(async () => rm(directory, { recursive: true, force: true }))

  test.each([...names])('%s', (name) => {
    const here = answers.get(name)
    const there = [...differences, ...docker].find(({ line }) => line === name)
    if (here === undefined || there === undefined) throw new Error('there is no answer')
    expect({ exitCode: here.exitCode, output: here.output }).toEqual({
      exitCode: there.exitCode,
      output: there.output,
    })
  })
})
