import type { FileHandle } from 'node:fs/promises'
import { fsPromises } from '#platform'
import type { Bytes } from '#stream'

/** Large enough that a system call costs little compared with hashing the chunk. */
const readSize = 1024 * 1024

/** Small enough to stay in the processor's cache until it is hashed and copied. */
const reusedSize = 512 * 1024

/** The path is not a regular file: a link, a directory, or a FIFO. */
export class NotAFileError extends Error {}

/** Opens a regular file for reading. Throws `NotAFileError` for anything else. */
export async function openPlainFile(path: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = process.getBuiltinModule('node:fs').constants
  let file: FileHandle
  try {
    // Without this flag, opening a FIFO would wait for a writer.
    file = await fsPromises().open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    throw hasCode(error, 'ELOOP', 'ENXIO') ? new NotAFileError(path) : error
  }
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new NotAFileError(path)
}

export interface FileRange {
  readonly start: number
  readonly end: number
  readonly reusesChunks?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Yields bytes `start` to `end` of a file, fewer when it is shorter. Every chunk is a
 * new buffer, so that a slow sender of one chunk never sends bytes of the next. With
 * `reusesChunks` all chunks are one buffer, so the kernel clears less memory.
 */
export async function* readFileBytes(path: string, range: FileRange): AsyncGenerator<Uint8Array> {
  const file = await openPlainFile(path)
  try {
    yield* range.reusesChunks === true ? readInPlace(file, range) : readAhead(file, range)
  } finally {
    await file.close()
  }
}

/** Reads all chunks into one buffer. */
function* readInPlace(file: FileHandle, { start, end, signal }: FileRange): Generator<Uint8Array> {
  const { readSync } = process.getBuiltinModule('node:fs')
  const buffer = Buffer.allocUnsafeSlow(Math.min(reusedSize, end - start))
  for (let offset = start; offset < end; ) {
    signal?.throwIfAborted()
    const length = Math.min(buffer.length, end - offset)
    const bytesRead = readSync(file.fd, buffer, 0, length, offset)
    if (bytesRead === 0) return
    offset += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Reads the next chunk in another thread while the consumer uses the current one. */
async function* readAhead(
  file: FileHandle,
  { start, end, signal }: FileRange,
): AsyncGenerator<Uint8Array> {
  const readAt = (offset: number) => {
    const length = Math.min(readSize, end - offset)
    const reading = file.read(Buffer.allocUnsafeSlow(length), 0, length, offset)
    // A failure is thrown when the consumer requests the chunk.
    reading.catch(() => {})
    return reading
  }
  let reading = start < end ? readAt(start) : undefined
  try {
    for (let offset = start; reading !== undefined; ) {
      signal?.throwIfAborted()
      const { buffer, bytesRead } = await reading
      offset += bytesRead
      reading = bytesRead > 0 && offset < end ? readAt(offset) : undefined
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
    }
  } finally {
    // No read may be under way when the file is closed.
    await reading?.catch(() => {})
  }
}

/** Yields the bytes of an open file from `start` to `end`; each chunk reuses the same buffer. */
export async function* readDescriptor(
  descriptor: number,
  start: number,
  end: number,
): Bytes & AsyncGenerator<Uint8Array> {
  const { read } = process.getBuiltinModule('node:fs')
  const buffer = Buffer.allocUnsafeSlow(Math.min(readSize, end - start))
  const readAt = (offset: number): Promise<number> =>
    new Promise((resolve, reject) => {
      const length = Math.min(buffer.length, end - offset)
      read(descriptor, buffer, 0, length, offset, (error, bytesRead) =>
        error === null ? resolve(bytesRead) : reject(error),
      )
    })
  for (let offset = start; offset < end; ) {
    const bytesRead = await readAt(offset)
    if (bytesRead === 0) return
    offset += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** True for an error of the operating system with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
