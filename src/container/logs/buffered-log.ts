import { isSystemError, SystemError, sharedWriter } from '#platform'
import { type LogFile, type LogFileOptions, RotatedFile } from './log-file.ts'

/** Where records are written that wait in memory. */
export interface LogSink {
  /**
   * Writes the first of these records, or all of them, without blocking this process. Resolves with
   * their bytes. Rejects with the error of the system if it wrote none.
   */
  write(records: Uint8Array): Promise<number>
  close(): void
}

/** ENOBUFS */
const noBuffers = 105
/** Milliseconds between two attempts to write what the system has refused. */
const pause = 200
/** Milliseconds that the end of a container waits for the rest of its log. */
const patience = 3000

/**
 * A log that keeps records in memory until `sink` takes them, so that a container never waits for a
 * slow disk or journal. A record that does not fit in `limit` bytes is refused with `ENOBUFS`; an
 * empty buffer takes every record.
 */
export function bufferLog(sink: LogSink, limit: number): LogFile {
  const waiting: Uint8Array[] = []
  let size = 0
  let draining: Promise<void> | undefined
  let isClosed = false
  const drain = async (): Promise<void> => {
    for (let first = waiting[0]; first !== undefined && !isClosed; first = waiting[0]) {
      const written = await tryToWrite(sink, first)
      size -= written
      if (written === first.length) waiting.shift()
      else waiting[0] = first.subarray(written)
      if (written === 0) await sleep(pause)
    }
    draining = undefined
  }
  return {
    append(records) {
      if (size > 0 && size + records.length > limit) {
        throw new SystemError(noBuffers, 'write', 'the buffer of the log')
      }
      waiting.push(records.slice())
      size += records.length
      draining ??= drain()
    },
    async written() {
      if (draining === undefined) return
      const alarm = Promise.withResolvers<void>()
      const timer = setTimeout(alarm.resolve, patience)
      await Promise.race([draining, alarm.promise])
      clearTimeout(timer)
    },
    close() {
      isClosed = true
      sink.close()
    },
  }
}

/** A file as the sink of a buffer. */
export function fileSink(path: string, options: LogFileOptions): LogSink {
  const file = new RotatedFile(path, options)
  return {
    async write(records) {
      await file.appendLater(records.length, (fd) => sharedWriter(fd).write(records))
      return records.length
    },
    close: () => file.close(),
  }
}

/** Returns the number of bytes written; 0 when the system refuses. */
async function tryToWrite(sink: LogSink, records: Uint8Array): Promise<number> {
  try {
    return await sink.write(records)
  } catch (error) {
    if (!isSystemError(error)) throw error
    return 0
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
