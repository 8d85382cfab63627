import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { mapConcurrently } from '#stream'
import type { Answer } from '../docker/answer.ts'
import { compared, expected } from '../docker/compare.ts'
import { readDifferences, readShapeDifferences } from '../docker/differences.ts'
import { packBusybox } from '../docker/stage.ts'
import { openStrakeStage } from '../docker/strake-stage.ts'
import { readAnswers, readGroups, runGroup } from '../docker/table.ts'
import { missing } from './strake.ts'

// Command lines of Docker: exit codes, output and documents are those of Docker 29, which
// `scripts/docker-answers` has written down, but for the wanted differences.

const reason = missing('busybox', 'tar', 'runc', 'nft', 'ip', 'unshare', 'nsenter', 'timeout', 'ps')
if (reason) console.info(`skipped: command lines: ${reason}`)

const groups = await readGroups()
const shapes = await readShapeDifferences()

test('the tables have at least 300 command lines, and an answer of Docker to each', async () => {
  expect(groups.flatMap(({ lines }) => lines).length).toBeGreaterThan(300)
  for (const { name, lines } of groups) {
    const answers = await readAnswers(name)
    expect(answers.map(({ line }) => line)).toEqual(lines.map(({ line }) => line))
  }
})

test('every wanted difference belongs to a line, differs from Docker, and has a reason', async () => {
  for (const { name, lines } of groups) {
    const answers = await readAnswers(name)
    for (const difference of await readDifferences(name)) {
      const index = lines.findIndex(({ line }) => line === difference.line)
      const [line, docker] = [lines[index], answers[index]]
      if (line === undefined || docker === undefined) throw new Error(`${name}: ${difference.line}`)
      expect(difference.because ?? '').toMatch(/^\S+ .*\.$/)
      const wanted = { answers: [], shapes }
      expect(compared(difference, line, wanted)).not.toEqual(compared(docker, line, wanted))
    }
  }
})

describe.skipIf(reason !== undefined)('strake answers like Docker', () => {
  const answers = new Map<string, readonly Answer[]>()
  let directory: string
  beforeAll(async () => {
    directory = mkdtempSync('/dev/shm/strake-lines-')
    const archive = await packBusybox(directory)
    // Longer groups begin first.
    const longest = [...groups].sort((a, b) => b.lines.length - a.lines.length)
    await mapConcurrently(longest, 4, async (group) => {
      await using stage = await openStrakeStage({ BUSYBOX: archive })
      answers.set(group.name, await runGroup(group, stage))
    })
  }, 600_000)
  afterAll(async () => rm(directory, { recursive: true, force: true }))

  for (const { name, lines } of groups) {
    describe(name, async () => {
      const docker = await readAnswers(name)
      const wanted = { answers: await readDifferences(name), shapes }
      test.each(lines.map((line, index) => [line.line, line, index] as const))(
        '%s',
        (_text, line, index) => {
          const answer = answers.get(name)?.[index]
          if (answer === undefined) throw new Error('the group did not run to its end')
          expect(compared(answer, line, wanted)).toEqual(expected(line, docker[index], wanted))
        },
      )
    })
  }
})
