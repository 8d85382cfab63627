import { closeSync, fstatSync, renameSync, rmSync, writeSync } from 'node:fs'
import { openFlag, openPlainFile } from '#platform'
import { keepChunk } from '#stream'
import type { OutputStream } from '../protocol/frames.ts'

/** Writes a container's output as Docker's json-file driver does. */
export interface LogWriter {
  write(stream: OutputStream, chunk: Uint8Array): void
  /** Writes what is left of unfinished lines. */
  flush(): void
  close(): void
}

export interface LogWriterOptions {
  /** Bytes after which the file becomes `path.1`. */
  readonly maxSize: number
  /** Files kept, the current one included. */
  readonly maxFile: number
  /** Milliseconds since 1970, with fractions. */
  readonly now?: () => number
}

/** A line longer than this is written in pieces; only the last ends with a line feed. */
const longestPiece = 16 * 1024
const lineFeed = 10

function openLog(path: string): number {
  return openPlainFile(path, openFlag.append | openFlag.create | openFlag.writeOnly, 0o600)
}

/**
 * One JSON object a line: `{"log":"text\n","stream":"stdout","time":"..."}`.
 * A line is written when it is complete, so nothing of two processes gets mixed.
 */
export function createLogWriter(path: string, options: LogWriterOptions): LogWriter {
  const { now = () => performance.timeOrigin + performance.now() } = options
  let fd = openLog(path)
  let size = fstatSync(fd).size
  const unfinished: Record<OutputStream, Uint8Array> = {
    stdout: new Uint8Array(0),
    stderr: new Uint8Array(0),
  }

  const append = (text: string): void => {
    if (text === '') return
    if (size >= options.maxSize) {
      closeSync(fd)
      rotate(path, options.maxFile)
      fd = openLog(path)
      size = 0
    }
    const bytes = Buffer.from(text)
    for (let offset = 0; offset < bytes.length; ) {
      const written = writeSync(fd, bytes, offset)
      // A full disk: the output still reaches whoever is attached.
      if (written === 0) break
      offset += written
    }
    size += bytes.length
  }

  return {
    write(stream, chunk) {
      const rest = unfinished[stream]
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const tail = `,"stream":"${stream}","time":"${formatTime(now())}"}\n`
      let text = ''
      let start = 0
      while (start < bytes.length) {
        const feed = bytes.indexOf(lineFeed, start)
        const limit = start + longestPiece
        const end = feed === -1 || feed + 1 > limit ? limit : feed + 1
        if (end > bytes.length) break
        text += record(bytes.subarray(start, end), tail)
        start = end
        if (text.length >= options.maxSize) {
          append(text)
          text = ''
        }
      }
      append(text)
      unfinished[stream] = keepChunk(bytes.subarray(start))
    },
    flush() {
      for (const stream of ['stdout', 'stderr'] as const) {
        const rest = unfinished[stream]
        if (rest.length === 0) continue
        append(record(rest, `,"stream":"${stream}","time":"${formatTime(now())}"}\n`))
        unfinished[stream] = new Uint8Array(0)
      }
    },
    close: () => closeSync(fd),
  }
}

/** Bytes that are no UTF-8 become U+FFFD, as in Docker's log. */
function record(line: Uint8Array, tail: string): string {
  return `{"log":${JSON.stringify(Buffer.from(line.buffer, line.byteOffset, line.length).toString())}${tail}`
}

/** `path.1` is the newest of those set aside. */
function rotate(path: string, maxFile: number): void {
  if (maxFile <= 1) {
    rmSync(path, { force: true })
    return
  }
  for (let index = maxFile - 1; index > 0; index--) {
    try {
      renameSync(index === 1 ? path : `${path}.${index - 1}`, `${path}.${index}`)
    } catch {
      // There are fewer of them yet.
    }
  }
}

/** ISO 8601 with microseconds. */
export function formatTime(milliseconds: number): string {
  const whole = Math.floor(milliseconds)
  const micro = Math.floor((milliseconds - whole) * 1000)
  return `${new Date(whole).toISOString().slice(0, -1)}${String(micro).padStart(3, '0')}Z`
}
