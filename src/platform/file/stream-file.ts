import { close, open, read, write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isSystemError, SystemError } from '../call/libc.ts'

const openAsync = promisify(open)
const chunkSize = 1_048_576
const ENOSPC = 28

/**
 * A file that may be a pipe, a terminal or a socket, whose other end may take its time.
 * Every call waits for that end until `signal` aborts, and throws the signal's reason
 * then; the system call itself goes on in a thread that nobody waits for.
 */
export interface StreamFile extends Disposable {
  /** What arrives until the end, each chunk in the memory of the one before. */
  read(): AsyncGenerator<Uint8Array>
  /** Writes all of `bytes`, which must stay as they are until then. */
  write(bytes: Uint8Array): Promise<void>
}

/** Opens a path, which of a FIFO takes until its other end is opened as well. */
export async function openStreamFile(
  path: string,
  flags: string,
  signal?: AbortSignal,
): Promise<StreamFile> {
  const opening = openAsync(path, flags)
  try {
    const fd = await unlessAborted(opening, signal)
    return streamFile(fd, { signal, isOwn: true })
  } catch (error) {
    opening.then(closeQuietly, () => {})
    throw error
  }
}

/** A descriptor this process was given, such as one of the standard three; it stays open. */
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
        const size = await wait((done) => read(fd, buffer, 0, chunkSize, null, done), signal)
        if (size === 0) return
        yield buffer.subarray(0, size)
      }
    },
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const size = await wait(
          (done) => write(fd, bytes, at, bytes.length - at, null, done),
          signal,
        )
        // A full disk may show itself as a write of nothing.
        if (size === 0) throw new SystemError(ENOSPC, 'write')
        at += size
      }
    },
    [Symbol.dispose]: () => (isOwn ? closeQuietly(fd) : undefined),
  }
}

type Call = (done: (error: NodeJS.ErrnoException | null, size: number) => void) => void

/** Calls until the other end is ready: a descriptor may be non-blocking, which another process decides. */
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
  // When the signal wins, nobody hears of the failure that may follow.
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
  close(fd, () => {})
}
