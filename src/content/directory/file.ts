import type { FileHandle } from 'node:fs/promises'
import type { Bytes } from '#stream'

/** `node:fs/promises`, loaded when it is needed: loading it costs milliseconds. */
export const fs = (): typeof import('node:fs/promises') =>
  process.getBuiltinModule('node:fs/promises')

/** Large enough that a system call per chunk costs nothing against hashing it. */
const readSize = 1024 * 1024

/** Small enough to stay in a processor's cache until it was hashed and copied. */
const reusedSize = 512 * 1024

/** Something else lies where a file should be: a link, a directory, a pipe that nobody writes to. */
export class NotAFileError extends Error {}

/** Opens a file for reading, and nothing that only has its name. Throws `NotAFileError`. */
export async function openPlainFile(path: string): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = process.getBuiltinModule('node:fs').constants
  let file: FileHandle
  try {
    // A pipe would otherwise be waited for.
    file = await fs().open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
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
 * Bytes `start` to `end` of a file, fewer when it is shorter. Every chunk is a
 * buffer of its own, so that a peer that is slow to send one cannot see the next;
 * with `reusesChunks` all are the same one, which spares the kernel clearing them.
 */
export async function* readFileBytes(path: string, range: FileRange): AsyncGenerator<Uint8Array> {
  const file = await openPlainFile(path)
  try {
    yield* range.reusesChunks === true ? readInPlace(file, range) : readAhead(file, range)
  } finally {
    await file.close()
  }
}

/** In one buffer. */
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

/** While somebody works on a chunk, the next is read in another thread. */
async function* readAhead(
  file: FileHandle,
  { start, end, signal }: FileRange,
): AsyncGenerator<Uint8Array> {
  const readAt = (offset: number) => {
    const length = Math.min(readSize, end - offset)
    const reading = file.read(Buffer.allocUnsafeSlow(length), 0, length, offset)
    // One that fails is heard of when its chunk is asked for.
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
    // Nothing may still be read when the file is closed.
    await reading?.catch(() => {})
  }
}

/** All bytes of an open file, for hashing what an earlier process wrote. */
export async function* readHandle(
  file: FileHandle,
  size: number,
): Bytes & AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(readSize)
  for (let offset = 0; offset < size; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(readSize, size - offset), offset)
    if (bytesRead === 0) return
    offset += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** True for an error of the operating system with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}

/** For a `catch`: what is not there is `undefined`. */
export function ignoreAbsent(error: unknown): undefined {
  if (!hasCode(error, 'ENOENT')) throw error
}
