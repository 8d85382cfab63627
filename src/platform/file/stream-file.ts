import { isSystemError, SystemError } from '../call/libc.ts'
import { fs, sleep } from '../call/node-fs.ts'

const chunkSize = 1_048_576
const ENOSPC = 28

/**
 * A file that may be a pipe, a terminal or a socket with a slow other end. Every call waits for the
 * other end, or throws the reason of `signal` when that aborts. The system call then continues in a
 * thread, and its result is ignored.
 */
export interface StreamFile extends Disposable {
  /** Reads to the end. Each chunk reuses the previous buffer. */
  read(): AsyncGenerator<Uint8Array>
  /** Writes all of `bytes`. The caller must not change them before this resolves. */
  write(bytes: Uint8Array): Promise<void>
}

/**
 * Whether a path names a descriptor that another program opened, as a shell does for `<(command)`.
 * A pipe there has a process at its other end.
 */
export function isPassedDescriptor(path: string): boolean {
  return path === '/dev/stdin' || /^\/(?:dev|proc\/(?:self|\d+))\/fd\/\d+$/.test(path)
}

/** Opens a path. A FIFO opens when its other end is opened too. */
export async function openStreamFile(
  path: string,
  flags: string,
  signal?: AbortSignal,
): Promise<StreamFile> {
  const opening = new Promise<number>((resolve, reject) => {
    fs().open(path, flags, (error, fd) => (error === null ? resolve(fd) : reject(error)))
  })
  try {
    const fd = await unlessAborted(opening, signal)
    return streamFile(fd, { signal, isOwn: true })
  } catch (error) {
    opening.then(closeQuietly, () => {})
    throw error
  }
}

/** Uses an inherited descriptor, such as standard input. It stays open. */
export function useStreamFile(fd: number, signal?: AbortSignal): StreamFile {
  return streamFile(fd, { signal, isOwn: false })
}

function streamFile(
  fd: number,
  { signal, isOwn }: { readonly signal: AbortSignal | undefined; readonly isOwn: boolean },
): StreamFile {
  return {
    async *read() {
      const buffer = Buffer.allocUnsafeSlow(chunkSize)
      for (;;) {
        const size = await wait((done) => fs().read(fd, buffer, 0, chunkSize, null, done), signal)
        if (size === 0) return
        yield buffer.subarray(0, size)
      }
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const size = await wait(
          (done) => fs().write(fd, bytes, at, bytes.length - at, null, done),
          signal,
        )
        // A full disk may accept no byte without an error.
        if (size === 0) throw new SystemError(ENOSPC, 'write')
        at += size
      }
    },
    [Symbol.dispose]: () => (isOwn ? closeQuietly(fd) : undefined),
  }
}

type Call = (done: (error: NodeJS.ErrnoException | null, size: number) => void) => void

/**
 * Repeats the call until the other end is ready: another process may have made the descriptor
 * non-blocking.
 */
async function wait(call: Call, signal: AbortSignal | undefined): Promise<number> {
  for (;;) {
    const calling = new Promise<number>((resolve, reject) => {
      call((error, size) => (error === null ? resolve(size) : reject(error)))
    })
    try {
      return await unlessAborted(calling, signal)
    } catch (error) {
      if (!isSystemError(error, 'EAGAIN')) throw error
      await sleep(2)
    }
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  // After an abort, a later failure of the system call is ignored.
  promise.catch(() => {})
  if (signal === undefined) return await promise
  signal.throwIfAborted()
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

function closeQuietly(fd: number): void {
  fs().close(fd, () => {})
}
