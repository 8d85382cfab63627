import { afterEach, beforeEach, expect, test } from 'bun:test'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openLogFile } from './log-file.ts'
import { formatTime, writeRecords } from './log-writer.ts'

let directory = ''
let path = ''

beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/strake-log-`)
  path = `${directory}/log`
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const now = (): number => 1_700_000_000_000.25

function open(maxSize = 1_000_000, maxFile = 3) {
  return writeRecords(openLogFile(path, { maxSize, maxFile }), { maxSize, now })
}

function lines(file = path): { log: string; stream: string; time: string }[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('writeRecords() writes one object on each line, with stream and time', () => {
  const log = open()
  log.write('stdout', bytes('one\ntwo "2"\n'))
  log.write('stderr', bytes('three\n'))
  const time = '2023-11-14T22:13:20.000250Z'
  expect(lines()).toEqual([
    { log: 'one\n', stream: 'stdout', time },
    { log: 'two "2"\n', stream: 'stdout', time },
    { log: 'three\n', stream: 'stderr', time },
  ])
})

test('writeRecords() writes an unfinished line after a short time, but no part of a character', async () => {
  const log = open()
  log.write('stdout', bytes('Password: é').subarray(0, -1))
  expect(lines()).toEqual([])
  while (lines().length === 0) await Bun.sleep(5)
  expect(lines().map((line) => line.log)).toEqual(['Password: '])
  log.write('stdout', bytes('é ok\n').subarray(1))
  expect(lines().map((line) => line.log)).toEqual(['Password: ', 'é ok\n'])
  log.close()
})

test('writeRecords() holds an unfinished line back until it is complete or flushed', async () => {
  const log = open()
  const [first, second] = [bytes('aé').subarray(0, 2), bytes('aé').subarray(2)]
  log.write('stdout', first)
  log.write('stderr', bytes('x\n'))
  log.write('stdout', second)
  log.write('stdout', bytes('\nrest'))
  expect(lines().map((line) => line.log)).toEqual(['x\n', 'aé\n'])
  await log.flush()
  await log.flush()
  expect(lines().map((line) => line.log)).toEqual(['x\n', 'aé\n', 'rest'])
})

test('writeRecords() splits long lines at 16 KiB', () => {
  open().write('stdout', bytes(`${'x'.repeat(40_000)}\n`))
  expect(lines().map((line) => line.log.length)).toEqual([16_384, 16_384, 7233])
})

test('writeRecords() splits no character of a long line', () => {
  open().write('stdout', bytes(`${'€'.repeat(20_000)}\n`))
  expect(
    lines()
      .map((line) => line.log)
      .join(''),
  ).toBe(`${'€'.repeat(20_000)}\n`)
})

test('writeRecords() stores bytes that are not UTF-8 as replacement characters', () => {
  open().write('stdout', new Uint8Array([0x61, 0xff, 0x0a]))
  expect(lines()[0]?.log).toBe('a\ufffd\n')
})

test('writeRecords() renames full files and keeps `maxFile` of them', () => {
  const log = open(1000, 3)
  for (let turn = 0; turn < 100; turn++) log.write('stdout', bytes(`line ${turn}\n`))
  expect(readdirSync(directory).sort()).toEqual(['log', 'log.1', 'log.2'])
  for (const name of ['log', 'log.1', 'log.2']) {
    expect(statSync(`${directory}/${name}`).size).toBeLessThan(1100)
  }
  expect(lines().at(-1)?.log).toBe('line 99\n')
  expect(lines(`${path}.1`).at(-1)?.log).toBe(`line ${99 - lines().length}\n`)
})

test('writeRecords() with one file removes that file when it is full', () => {
  const log = open(300, 1)
  for (let turn = 0; turn < 20; turn++) log.write('stdout', bytes(`line ${turn}\n`))
  expect(readdirSync(directory)).toEqual(['log'])
  expect(lines().at(-1)?.log).toBe('line 19\n')
})

test('writeRecords() keeps files small when one chunk is huge', () => {
  open(10_000, 3).write('stdout', bytes('0123456789\n'.repeat(50_000)))
  for (const name of readdirSync(directory)) {
    expect(statSync(`${directory}/${name}`).size).toBeLessThan(22_000)
  }
})

const cannotMount = process.getuid?.() === 0 ? '' : ' (not root)'

test.skipIf(cannotMount !== '')(
  `writeRecords() continues on a full disk, and records how many bytes are missing${cannotMount}`,
  () => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory])
    try {
      const log = open()
      writeFileSync(`${directory}/other`, new Uint8Array(40_000))
      for (let turn = 0; turn < 1000; turn++) log.write('stdout', bytes(`line ${turn}\n`))
      const before = lines().length
      expect(before).toBeGreaterThan(0)
      expect(before).toBeLessThan(1000)
      rmSync(`${directory}/other`)
      log.write('stdout', bytes('more\n'))
      const missing = Array.from(
        { length: 1000 - before },
        (_, index) => `line ${before + index}\n`,
      )
      expect(lines().slice(before)).toMatchObject([
        {
          log: `strake: ${missing.join('').length} bytes of output are missing here: the log could not be written\n`,
          stream: 'stderr',
        },
        { log: 'more\n', stream: 'stdout' },
      ])
      log.close()
    } finally {
      execFileSync('umount', [directory])
    }
  },
)

test('formatTime() has microseconds', () => {
  expect(formatTime(0)).toBe('1970-01-01T00:00:00.000000Z')
  expect(formatTime(1.5)).toBe('1970-01-01T00:00:00.001500Z')
})

test('writeRecords() copies the start of a line, because the caller reuses the memory', () => {
  const log = open()
  const chunk = Buffer.from('half ')
  log.write('stdout', chunk)
  chunk.fill('x')
  log.write('stdout', bytes('a line\n'))
  expect(lines().map((line) => line.log)).toEqual(['half a line\n'])
})
