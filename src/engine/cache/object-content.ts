import type { Descriptor } from '#oci'
import { type Bytes, verified } from '#stream'
import type { CacheContent } from './place.ts'

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
