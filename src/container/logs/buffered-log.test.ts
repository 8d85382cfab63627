import { expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { SystemError } from '#platform'
import { listenDatagrams } from '../../platform/testing/datagrams.ts'
import { bufferLog, fileSink, type LogSink } from './buffered-log.ts'
import { openJournal } from './journal.ts'
import { writeRecords } from './log-writer.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text)

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(`${tmpdir()}/strake-buffer-`)
  try {
    await run(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

/** A disk that takes nothing until it is opened. */
function slowSink(): LogSink & { open(): void; readonly taken: string[] } {
  const isOpen = Promise.withResolvers<void>()
  const taken: string[] = []
  return {
    taken,
    open: () => isOpen.resolve(),
    async write(records) {
      await isOpen.promise
      taken.push(Buffer.from(records).toString())
      return records.length
    },
    close() {},
  }
}

const textsOf = (records: readonly string[]): readonly string[] =>
  records.flatMap((each) => each.trimEnd().split('\n')).map((line) => JSON.parse(line).log)

test('a buffered log never waits for the disk, and says how much output did not fit', async () => {
  const sink = slowSink()
  const log = writeRecords(bufferLog(sink, 300), { maxSize: 1000 })
  const lines = Array.from({ length: 100 }, (_, index) => `line ${index}\n`)
  for (const line of lines) log.write('stdout', bytes(line))
  expect(sink.taken).toEqual([])
  sink.open()
  await log.flush()
  log.write('stdout', bytes('later\n'))
  await log.flush()
  log.close()
  const texts = textsOf(sink.taken)
  const kept = texts.filter((text) => text.startsWith('line'))
  expect(kept).toEqual(lines.slice(0, kept.length))
  expect(kept.length).toBeGreaterThan(0)
  const missing = lines.slice(kept.length).join('').length
  expect(texts.slice(kept.length)).toEqual([
    `strake: ${missing} bytes of output are missing here: the log could not be written\n`,
    'later\n',
  ])
})

test('a buffered log takes a record that is larger than its buffer while it is empty', async () => {
  const sink = slowSink()
  const log = bufferLog(sink, 10)
  log.append(bytes('a record of many bytes\n'))
  expect(() => log.append(bytes('x\n'))).toThrow(SystemError)
  sink.open()
  await log.written()
  expect(sink.taken).toEqual(['a record of many bytes\n'])
})

test('a buffered log copies records, because the caller uses their memory again', async () => {
  const sink = slowSink()
  const log = bufferLog(sink, 1000)
  const memory = new Uint8Array(bytes('one\n'))
  log.append(memory)
  memory.fill(0)
  sink.open()
  await log.written()
  expect(sink.taken).toEqual(['one\n'])
})

test('a buffered log writes again what the system has refused', async () => {
  const { taken, ...sink } = slowSink()
  sink.open()
  let refusals = 2
  const failing: LogSink = {
    ...sink,
    async write(records) {
      if (refusals-- > 0) throw new SystemError(28, 'write')
      return await sink.write(records)
    },
  }
  const log = bufferLog(failing, 1000)
  log.append(bytes('one\n'))
  log.append(bytes('two\n'))
  await log.written()
  expect(taken).toEqual(['one\n', 'two\n'])
})

test('a buffered file is rotated as others are, and keeps every record', async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/log`
    writeFileSync(path, '')
    const limits = { maxSize: 1000, maxFile: 100 }
    const log = writeRecords(bufferLog(fileSink(path, limits), 100_000), limits)
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}\n`)
    for (const line of lines) log.write('stdout', bytes(line))
    log.write('stdout', bytes('no line feed'))
    await log.flush()
    log.close()
    const files = [...new Bun.Glob('log*').scanSync(directory)]
    expect(files.length).toBeGreaterThan(3)
    const number = (name: string): number => Number(name.split('.')[1] ?? 0)
    const sorted = files.toSorted((a, b) => number(b) - number(a))
    const texts = sorted.flatMap((name) => textsOf([readFileSync(`${directory}/${name}`, 'utf8')]))
    expect(texts).toEqual([...lines, 'no line feed'])
  })
})

test('a buffered log sends every record to a journal that reads late', async () => {
  await inDirectory(async (directory) => {
    const path = `${directory}/socket`
    const lines = Array.from({ length: 2000 }, (_, index) => `line ${index}\n`)
    const journal = openJournal({ CONTAINER_NAME: 'web' }, { path, waits: false })
    const log = writeRecords(bufferLog(journal, 1_000_000), { maxSize: 1_000_000 })
    log.write('stdout', bytes(lines.slice(0, 1000).join('')))
    using receiver = receiverAt(path)
    log.write('stdout', bytes(lines.slice(1000).join('')))
    const got: string[] = []
    const done = log.flush()
    while (got.length < lines.length) {
      for (const entry of receiver.receive())
        got.push(`${entry.toString().slice(8).split('\n')[0]}\n`)
      await Bun.sleep(1)
    }
    await done
    log.close()
    expect(got).toEqual(lines)
  })
})

function receiverAt(path: string): ReturnType<typeof listenDatagrams> & Disposable {
  const receiver = listenDatagrams(path)
  return Object.assign(receiver, { [Symbol.dispose]: () => receiver.close() })
}
