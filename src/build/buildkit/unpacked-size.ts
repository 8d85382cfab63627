import type { ContentSource } from '#content'
import { type Descriptor, layerCompression } from '#oci'
import { toBuffer } from '#stream'

/**
 * Returns the bytes of a decompressed layer as its blob states them, or `undefined` when the blob
 * does not. The statement is checked when the layer is decompressed.
 */
export async function unpackedSize(
  content: ContentSource,
  blob: Descriptor,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const part = async (start: number, end: number): Promise<Buffer> => {
    const options = { start, end, readerVerifies: true, signal }
    return Buffer.from(await toBuffer(content.read(blob, options), end - start, blob.digest))
  }
  switch (layerCompression(blob.mediaType)) {
    case 'none':
      return blob.size
    case 'gzip': {
      // The last number of a member. Files of more than 4 GiB have a smaller one.
      if (blob.size < 18) return undefined
      const tail = await part(blob.size - 4, blob.size)
      return tail.length === 4 ? tail.readUInt32LE(0) : undefined
    }
    case 'zstd':
      return frameSize(await part(0, Math.min(blob.size, largestHead)))
    default:
      return undefined
  }
}

/** Bytes of the largest head of a frame. */
const largestHead = 18

/** The size in the head of the first frame of zstd. Another frame after it would add to it. */
function frameSize(head: Buffer): number | undefined {
  if (head.length < largestHead || head.readUInt32LE(0) !== 0xfd2fb528) return undefined
  const flags = head.readUInt8(4)
  const isSingle = (flags & 0x20) !== 0
  const at = 5 + (isSingle ? 0 : 1) + ([0, 1, 2, 4][flags & 3] ?? 0)
  switch (flags >> 6) {
    case 0:
      return isSingle ? head.readUInt8(at) : undefined
    case 1:
      return head.readUInt16LE(at) + 256
    case 2:
      return head.readUInt32LE(at)
    default:
      return Number(head.readBigUInt64LE(at))
  }
}
