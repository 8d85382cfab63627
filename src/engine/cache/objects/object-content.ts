import { cacheLimits } from '#build'
import { type Descriptor, isStrakeError } from '#oci'
import { type Bytes, toBuffer, verified } from '#stream'
import type { CacheContent } from '../place.ts'

/** Blobs as objects that are read by their digests. */
export interface BlobObjects {
  has(blob: Descriptor): Promise<boolean>
  /** Yields the bytes from `start` on. */
  read(blob: Descriptor, start: number): Bytes
  write(blob: Descriptor, bytes: Bytes): Promise<void>
}

/** Content in a place without digests of its own: what is read is verified here. */
export function objectContent(objects: BlobObjects): CacheContent {
  return {
    has: (blob) => objects.has(blob),
    read(blob, { start = 0, end = blob.size, readerVerifies = false } = {}) {
      const bytes = objects.read(blob, start)
      const isWhole = start === 0 && end >= blob.size
      if (!isWhole) return firstBytes(bytes, end - start)
      return readerVerifies ? bytes : verified(bytes, blob)
    },
    async write(blob, bytes) {
      if (await objects.has(blob)) return 'exists'
      await objects.write(blob, bytes)
      return 'written'
    },
  }
}

async function* firstBytes(bytes: Bytes, count: number): Bytes {
  let left = count
  for await (const chunk of bytes) {
    if (left <= 0) return
    yield chunk.subarray(0, left)
    left -= chunk.length
  }
}

/** Reads the description of a cache. Returns `undefined` when there is none. */
export async function readDescription(bytes: Bytes): Promise<Uint8Array | undefined> {
  try {
    return await toBuffer(bytes, cacheLimits.configSize, 'the build cache')
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return undefined
    throw error
  }
}
