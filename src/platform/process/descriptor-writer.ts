import { isSystemError, SystemError } from '../call/libc.ts'
import { fs, sleep } from '../call/node-fs.ts'
import { closeFile } from '../call/posix.ts'
import { usualPipeSize, widenPipe } from './pipe.ts'

/** Writes to one descriptor in the order of the calls, without blocking the event loop. */
export interface DescriptorWriter {
  /**
   * Resolves when the kernel has accepted every byte. Rejects with the error of the system, which
   * is `EPIPE` when no process reads.
   */
  write(bytes: Uint8Array): Promise<void>
  /** Releases the descriptor after the earlier writes have ended. */
  end(): Promise<void>
}

/** Returns a writer that takes over the writing end of a pipe of this process. */
export function ownPipeWriter(fd: number): DescriptorWriter {
  // The sink uses a duplicate, which `end` closes. It waits with epoll: a blocking write would
  // occupy one of the runtime's few threads until the reader reads.
  const sink = Bun.file(fd).writer()
  closeFile(fd)
  let failure: unknown
  return inOrder(
    async (bytes) => {
      // A sink reports its error once and ignores later writes.
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

/** Returns a writer for a descriptor that other processes may share, such as standard output. */
export function sharedWriter(fd: number): DescriptorWriter {
  const own = reopenPipe(fd)
  if (own !== undefined) return wideningWriter(fd, ownPipeWriter(own))
  return inOrder(
    (bytes) => writeAll(fd, bytes),
    async () => {},
  )
}

/** Makes the pipe larger before the first chunk that it cannot hold. */
function wideningWriter(fd: number, writer: DescriptorWriter): DescriptorWriter {
  let isWide = false
  return {
    write(bytes) {
      if (!isWide && bytes.length > usualPipeSize) {
        widenPipe(fd)
        isWide = true
      }
      return writer.write(bytes)
    },
    end: () => writer.end(),
  }
}

/**
 * Opens a pipe a second time, so that it is non-blocking here and unchanged for every process that
 * shares `fd`. Returns `undefined` if `fd` is not a pipe or the pipe belongs to another user.
 */
function reopenPipe(fd: number): number | undefined {
  if (!fs().fstatSync(fd).isFIFO()) return undefined
  try {
    const { constants, openSync } = fs()
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    // ENXIO: no process reads the pipe. The first write to `fd` then fails with EPIPE.
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
    // Another process has made the descriptor non-blocking, and the reader is slow.
    if (size === 0) await sleep(5)
    offset += size
  }
}

const noSpace = 28

/** Returns how many bytes the kernel has accepted; 0 if it has no space now. */
function writeSome(fd: number, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    fs().write(fd, bytes, 0, bytes.length, null, (error, size) => {
      if (error === null && size > 0) resolve(size)
      else if (error !== null && isSystemError(error, 'EAGAIN')) resolve(0)
      else reject(error ?? new SystemError(noSpace, 'write'))
    })
  })
}
