import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { mapConcurrently } from '#stream'
import type { Answer } from '../docker/answer.ts'
import { unexplained } from '../docker/compare-probe.ts'
import {
  askMachine,
  machine,
  packProbe,
  readProbeAnswers,
  readProbeDifferences,
  readProbeOptions,
  runProbe,
} from '../docker/probe.ts'
import { openStrakeStage } from '../docker/strake-stage.ts'
import { missing } from './strake.ts'

// What a process of a container sees is what it sees with Docker 29, which `scripts/docker-answers` has
// written down, but for the wanted differences.

const docker = await readProbeAnswers()
const options = await readProbeOptions()
const differences = await readProbeDifferences()

/** Returns why the answers of Docker are not valid here. */
async function otherMachine(): Promise<string | undefined> {
  await using stage = await openStrakeStage({})
  const here = (await askMachine(stage)).output
  const there = docker.find(({ line }) => line === machine)?.output ?? []
  const other = here.find((line) => !there.includes(line))
  return other === undefined ? undefined : `Docker was asked on another machine, without '${other}'`
}

const reason =
  missing('busybox', 'tar', 'runc', 'nft', 'ip', 'unshare', 'nsenter', 'timeout') ??
  (await otherMachine())
if (reason) console.info(`skipped: the probe: ${reason}`)

test('Docker has answered to each of the options', () => {
  expect(docker.map(({ line }) => line)).toEqual([machine, ...options])
})

describe.skipIf(reason !== undefined)('a container sees what it sees with Docker', () => {
  const answers = new Map<string, Answer>()
  let directory: string
  beforeAll(async () => {
    directory = mkdtempSync('/dev/shm/strake-probe-')
    const archive = await packProbe(directory)
    const shares = [0, 1, 2, 3].map((share) => options.filter((_, index) => index % 4 === share))
    await mapConcurrently(shares, shares.length, async (chosen) => {
      await using stage = await openStrakeStage({})
      for (const answer of await runProbe(stage, archive, chosen)) answers.set(answer.line, answer)
    })
  }, 300_000)
  afterAll(async () => rm(directory, { recursive: true, force: true }))

  test.each(options)('with %s', (line) => {
    const [there, here] = [docker.find((entry) => entry.line === line), answers.get(line)]
    if (there === undefined || here === undefined) throw new Error('there is no answer')
    expect({ exitCode: here.exitCode, lines: unexplained(there, here, differences) }).toEqual({
      exitCode: there.exitCode,
      lines: [],
    })
  })
})

test('every wanted difference has a reason', () => {
  for (const { reason: because } of differences) expect(because).toMatch(/^\S+ .*\.$/)
})
