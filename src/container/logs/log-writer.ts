import { isSystemError } from '#platform'
import { keepChunk } from '#stream'
import type { OutputStream } from '../model/options.ts'
import type { ContainerSettings } from '../model/settings.ts'
import type { Span } from './json-text.ts'
import { type LogFile, type LogFileOptions, openLogFile } from './log-file.ts'
import { RecordBuffer } from './record-buffer.ts'

/** Writes a container's output as Docker's json-file driver does. */
export interface LogWriter {
  /**
   * Never throws for an error of the disk. Bytes that cannot be written are counted, and
   * a later record names their number.
   */
  write(stream: OutputStream, chunk: Uint8Array): void
  /** Writes unfinished lines. Resolves when all that waits in memory is written. */
  flush(): Promise<void>
  close(): void
}

export interface RecordOptions extends Pick<LogFileOptions, 'maxSize'> {
  readonly attributes?: Readonly<Record<string, string>> | undefined
  /** Milliseconds since 1970, with fractions. */
  readonly now?: (() => number) | undefined
}

/** A longer line is written in pieces. Only the last piece ends with a line feed. */
const longestPiece = 16 * 1024
/** Milliseconds that an unfinished line is kept in memory, so that most lines are one record. */
const patience = 100
const lineFeed = 10
/** Bytes of records that are written at once. */
const largestBatch = 256 * 1024

/**
 * Writes one JSON object on each line: `{"log":"text\n","stream":"stdout","time":"..."}`.
 * A line is written when it is complete, so that lines of two processes do not mix.
 * An unfinished line, such as a prompt, is written after a short time.
 */
export function writeRecords(file: LogFile, options: RecordOptions): LogWriter {
  const { now = () => performance.timeOrigin + performance.now() } = options
  const attributes = options.attributes ? `,"attrs":${JSON.stringify(options.attributes)}` : ''
  const unfinished: Record<OutputStream, Uint8Array> = {
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
  }
  let alarm: ReturnType<typeof setTimeout> | undefined
  let lost = 0
  const records = new RecordBuffer()
  const batch = Math.min(options.maxSize, largestBatch)
  const tailOf = (stream: OutputStream): Uint8Array =>
    Buffer.from(`,"stream":"${stream}"${attributes},"time":"${formatTime(now())}"}\n`)
  /** Writes the records, which have so many bytes of output. */
  const append = (size: number): void => {
    if (records.size === 0) return
    const added = records.take()
    try {
      if (lost > 0) {
        const loss = new RecordBuffer()
        loss.add(whole(Buffer.from(lossOf(lost))), tailOf('stderr'))
        file.append(loss.take())
      }
      lost = 0
      file.append(added)
    } catch (error) {
      if (!isSystemError(error)) throw error
      lost += size
    }
  }
  const flush = (sizeOf: (bytes: Uint8Array) => number): void => {
    clearTimeout(alarm)
    alarm = undefined
    for (const stream of ['stdout', 'stderr'] as const) {
      const rest = unfinished[stream]
      const size = sizeOf(rest)
      if (size > 0) records.add({ bytes: rest, start: 0, end: size }, tailOf(stream))
      append(size)
      unfinished[stream] = rest.subarray(size)
    }
  }
  return {
    write(stream, chunk) {
      const rest = unfinished[stream]
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const tail = tailOf(stream)
      let [start, written] = [0, 0]
      let feed = bytes.indexOf(lineFeed)
      for (;;) {
        const end = endOfPiece(bytes, start, feed)
        if (end === undefined) break
        records.add({ bytes, start, end }, tail)
        start = end
        if (feed !== -1 && feed < start) feed = bytes.indexOf(lineFeed, start)
        if (records.size < batch) continue
        append(start - written)
        written = start
      }
      append(start - written)
      unfinished[stream] = keepChunk(bytes.subarray(start))
      if (start < bytes.length) alarm ??= setTimeout(() => flush(wholeCharacters), patience)
    },
    flush() {
      flush((bytes) => bytes.length)
      return file.written()
    },
    close() {
      clearTimeout(alarm)
      file.close()
    },
  }
}

/**
 * Returns the end of the line or piece that begins at `start`; `undefined` if the line has not ended
 * yet. `feed` is the place of the next line feed, or -1.
 */
function endOfPiece(bytes: Uint8Array, start: number, feed: number): number | undefined {
  const limit = start + longestPiece
  if (feed !== -1 && feed < limit) return feed + 1
  if (limit > bytes.length) return undefined
  return start + wholeCharacters(bytes.subarray(start, limit))
}

function whole(bytes: Uint8Array): Span {
  return { bytes, start: 0, end: bytes.length }
}

/** Returns the number of bytes before an incomplete UTF-8 character at the end. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

function lossOf(size: number): string {
  return `strake: ${size} bytes of output are missing here: the log could not be written\n`
}

/** Formats a time as ISO 8601 with microseconds. */
export function formatTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds)
  const micro = Math.floor((milliseconds - whole) * 1000)
  return `${new Date(whole).toISOString().slice(0, -1)}${String(micro).padStart(3, '0')}Z`
}

export interface OpenLogOptions extends Pick<RecordOptions, 'attributes'> {
  readonly log: ContainerSettings['log']
  /** The fields of every entry, for a log in the journal. */
  readonly journal?: Readonly<Record<string, string>> | undefined
}

/** Opens the log of a container; returns `undefined` if it has none. Loads the code of the journal when it is used. */
export async function openLog(
  path: string,
  options: OpenLogOptions,
): Promise<LogWriter | undefined> {
  const { log, journal = {}, attributes } = options
  switch (log.driver) {
    case 'none':
      return undefined
    case 'journald': {
      const { openJournal } = await import('./journal.ts')
      if (log.bufferSize === undefined) return writeRecords(openJournal(journal), log)
      const { bufferLog } = await import('./buffered-log.ts')
      return writeRecords(bufferLog(openJournal(journal, { waits: false }), log.bufferSize), log)
    }
    default: {
      const described = { ...log, attributes }
      if (log.bufferSize === undefined) return writeRecords(openLogFile(path, log), described)
      const { bufferLog, fileSink } = await import('./buffered-log.ts')
      return writeRecords(bufferLog(fileSink(path, log), log.bufferSize), described)
    }
  }
}
