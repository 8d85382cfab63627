import { StrakeError } from '#oci'
import { fileType, typeOf } from '../call/file-type.ts'
import { isSystemError } from '../call/libc.ts'
import { closeFile, openFile, openFlag, readFile } from '../call/posix.ts'
import { entryStatus } from './root-metadata.ts'

const chunkSize = 16_384
/** In bytes: much more than any file that the program writes and reads as a whole. */
const usualLimit = 16_777_216

/**
 * Opens a regular file that the program has written. Throws `INVALID` for anything else with that
 * name. Does not follow a link or wait for a pipe. The caller closes the descriptor.
 */
export function openPlainFile(path: string, flags: number = openFlag.readOnly, mode = 0): number {
  const fd = openUnlessPipe(path, flags, mode)
  try {
    if (typeOf(entryStatus(fd)?.mode ?? 0) !== fileType.regular) throw refusal(path)
    return fd
  } catch (error) {
    closeFile(fd)
    throw error
  }
}

function openUnlessPipe(path: string, flags: number, mode: number): number {
  try {
    return openFile(path, flags | openFlag.noFollow | openFlag.nonBlocking, mode)
  } catch (cause) {
    // A link, a directory opened for writing, a pipe without a reader, or a socket.
    throw isSystemError(cause, 'ELOOP', 'EISDIR', 'ENXIO') ? refusal(path, cause) : cause
  }
}

/**
 * Returns the text of a file that the program has written; `undefined` when it is absent, is not a
 * regular file, or has more than `limit` bytes.
 */
export function readPlainFile(path: string, limit: number = usualLimit): string | undefined {
  return readPlainBytes(path, limit)?.toString()
}

/** Like `readPlainFile`, but returns bytes. */
export function readPlainBytes(
  path: string,
  limit: number = usualLimit,
): Buffer<ArrayBuffer> | undefined {
  if (process.versions['bun'] === undefined) return readWithNode(path, limit)
  try {
    const fd = openPlainFile(path)
    try {
      return readAll(fd, limit)
    } finally {
      closeFile(fd)
    }
  } catch (error) {
    if (error instanceof StrakeError || isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

function readWithNode(path: string, limit: number): Buffer<ArrayBuffer> | undefined {
  const { lstatSync, readFileSync } = process.getBuiltinModule('node:fs')
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found?.isFile() !== true || found.size > limit) return undefined
  return readFileSync(path)
}

function readAll(fd: number, limit: number): Buffer<ArrayBuffer> | undefined {
  const chunks: Buffer[] = []
  for (let size = 0; ; ) {
    const chunk = Buffer.allocUnsafe(chunkSize)
    const count = readFile(fd, chunk)
    if (count === 0) return Buffer.concat(chunks, size)
    size += count
    if (size > limit) return undefined
    chunks.push(chunk.subarray(0, count))
  }
}

function refusal(path: string, cause?: unknown): StrakeError {
  return new StrakeError('INVALID', `Cannot open ${path}: it is not a plain file`, {
    cause,
    remedy: 'move or remove it',
  })
}
