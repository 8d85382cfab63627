import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { blobPath, type ContentSource } from '#content'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import { type Bytes, verified } from '#stream'

/** The blobs of a layout. Links are not followed, because they may lead to files outside of it. */
export function layoutSource(root: string): ContentSource {
  return {
    async has({ digest }) {
      try {
        await using file = await openBlob(blobPath(root, digest))
        return (await file.stat()).isFile()
      } catch (error) {
        if (isSystemError(error)) return false
        throw error
      }
    },
    read(target, { start = 0, end = target.size, readerVerifies = false } = {}) {
      const bytes = readBlob(blobPath(root, target.digest), { start, end })
      const isWhole = start === 0 && end === target.size
      return isWhole && !readerVerifies ? verified(bytes, target) : bytes
    },
  }
}

function openBlob(path: string): ReturnType<typeof open> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
}

const chunkSize = 1_048_576

async function* readBlob(
  path: string,
  { start, end }: { readonly start: number; readonly end: number },
): Bytes {
  await using file = await openBlob(path).catch((cause: unknown) => {
    if (isSystemError(cause, 'ENOENT')) {
      throw new StrakeError('NOT_FOUND', `Cannot read ${path}: there is no such blob`, { cause })
    }
    throw isSystemError(cause, 'ELOOP') ? notAFile(path, cause) : cause
  })
  if (!(await file.stat()).isFile()) throw notAFile(path)
  for (let at = start; at < end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(chunkSize, end - at))
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

function notAFile(path: string, cause?: unknown): StrakeError {
  return new StrakeError('INVALID', `Cannot read ${path}: it is not a regular file`, { cause })
}
