import { channel } from 'node:diagnostics_channel'
import { closeSync, openSync, writeSync } from 'node:fs'

const failures = channel('registry:log-failure')

/** Milliseconds after which a file is opened anew, because a program may have moved it away. */
const reopenAfter = 1000

/** Writes records to a file, one line of JSON each. */
export interface LineLog extends Disposable {
  write(record: object): void
}

/**
 * Appends records to a file that only its owner can read. A line is in the kernel before the next
 * one, so a crash of the server loses none. A full disk stops the log, never the server.
 */
export function openLineLog(path: string, now: () => number = Date.now): LineLog {
  let open: { readonly fd: number; readonly at: number } | undefined
  const close = (): void => {
    if (open !== undefined) closeSync(open.fd)
    open = undefined
  }
  const descriptor = (): number => {
    if (open !== undefined && Math.abs(now() - open.at) < reopenAfter) return open.fd
    close()
    open = { fd: openSync(path, 'a', 0o600), at: now() }
    return open.fd
  }
  // A path that cannot be written is told at the start.
  descriptor()
  return {
    write(record) {
      try {
        writeSync(descriptor(), `${JSON.stringify(record)}\n`)
      } catch (error) {
        failures.publish({ path, error })
      }
    },
    [Symbol.dispose]: close,
  }
}
