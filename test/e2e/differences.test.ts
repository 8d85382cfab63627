import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { differences } from '../../scripts/reference/differences.ts'
import { type Answer, answerOf } from '../docker/answer.ts'
import { packBusybox } from '../docker/stage.ts'
import { openStrakeStage } from '../docker/strake-stage.ts'
import { parseTranscript } from '../docker/transcript.ts'
import { missing } from './strake.ts'

// What docs/coming-from-docker.md says about strake is true: every row of its list of wanted differences
// has command lines here, and their output.

const reason = missing('busybox', 'tar', 'runc', 'nft', 'ip', 'unshare', 'nsenter', 'timeout')
if (reason) console.info(`skipped: differences: ${reason}`)

const path = resolve(import.meta.dir, '../fixtures/wanted-differences.txt')
const text = readFileSync(path, 'utf8')
const entries = parseTranscript(text)
const rows = [...text.matchAll(/^# (.*)$/gm)].map((match) => match[1])

test('every wanted difference to Docker has command lines, and no others have', () => {
  expect(entries).toHaveLength(rows.length)
  expect([...rows].sort()).toEqual(differences.map(({ docker }) => docker).sort())
})

describe.skipIf(reason !== undefined)('strake differs from Docker as documented', () => {
  const answers: Answer[] = []
  let directory: string
  beforeAll(async () => {
    directory = mkdtempSync('/dev/shm/strake-differences-')
    await using stage = await openStrakeStage({ BUSYBOX: await packBusybox(directory) })
    await stage.run(`docker import -c 'CMD ["sh"]' "$BUSYBOX" busybox`)
    for (const { line } of entries) {
      const outcome = await stage.run(line)
      answers.push(answerOf({ line, output: 'exactly' }, outcome, stage.directory))
    }
  }, 180_000)
  afterAll(async () => rm(directory, { recursive: true, force: true }))

  test.each(rows.map((row, index) => [row, index] as const))('%s', (_row, index) => {
    expect(answers[index]?.output).toEqual(entries[index]?.output)
  })
})
