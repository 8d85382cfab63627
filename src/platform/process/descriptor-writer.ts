import { closeSync, constants, fstatSync, openSync, write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isSystemError, SystemError } from '../call/libc.ts'

/** Writes to one descriptor in the order of the calls, without stopping the event loop. */
export interface DescriptorWriter {
  /**
   * Resolves when the kernel has taken every byte. Rejects with the system's
   * error, which is `EPIPE` when no process reads any more.
   */
  write(bytes: Uint8Array): Promise<void>
  /** Lets go of the descriptor when everything before is written or refused. */
  end(): Promise<void>
}

/** Takes over the writing end of a pipe that this process made. */
export function ownPipeWriter(fd: number): DescriptorWriter {
  // The sink works on a duplicate, which `end` closes. It waits with epoll: a blocking write
  // would take one of the runtime's few threads for as long as the reader does not read.
  const sink = Bun.file(fd).writer()
  closeSync(fd)
  let failure: unknown
  return inOrder(
    async (bytes) => {
      // A sink reports its error once and swallows what comes later.
      if (failure !== undefined) throw failure
      try {
        await sink.write(bytes)
        await sink.flush()
      } catch (error) {
        failure = error
        throw error
      }
    },
    async () => {
      await sink.end()
    },
  )
}

/** Writes to a descriptor of this process that others may share: one of the standard three. */
export function sharedWriter(fd: number): DescriptorWriter {
  const own = reopenPipe(fd)
  if (own !== undefined) return ownPipeWriter(own)
  return inOrder(
    (bytes) => writeAll(fd, bytes),
    async () => {},
  )
}

/**
 * A pipe once more, as an open file of its own: non-blocking here, it stays as
 * it is for every process that shares `fd`. `undefined` for what is no pipe and
 * for a pipe of another user.
 */
function reopenPipe(fd: number): number | undefined {
  if (!fstatSync(fd).isFIFO()) return undefined
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    // ENXIO: the last reader has gone. The first write to the descriptor says so.
    if (isSystemError(error)) return undefined
    throw error
  }
}

function inOrder(
  put: (bytes: Uint8Array) => Promise<void>,
  close: () => Promise<void>,
): DescriptorWriter {
  let last: Promise<unknown> = Promise.resolve()
  const after = (step: () => Promise<void>): Promise<void> => {
    const done = last.then(step)
    last = done.catch(() => {})
    return done
  }
  return {
    write: (bytes) => after(() => put(bytes)),
    end: () => after(close).catch(() => {}),
  }
}

async function writeAll(fd: number, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    const size = await writeSome(fd, bytes.subarray(offset))
    // A process that shares the descriptor made it non-blocking, and its reader is slow.
    if (size === 0) await sleep(5)
    offset += size
  }
}

const noSpace = 28

/** How much the kernel took; 0 when it has no room at this moment. */
function writeSome(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, null, (error, size) => {
      if (error === null && size > 0) resolve(size)
      else if (error !== null && isSystemError(error, 'EAGAIN')) resolve(0)
      else reject(error ?? new SystemError(noSpace, 'write'))
    })
  })
}
