import { ContentMismatchError, type Descriptor } from '#oci'
import type { Bytes } from './bytes.ts'
import { crc32 } from './hash.ts'
import { verified } from './verify.ts'

/**
 * Like `verified` for the bytes of `open`, but proves them by their CRC-32, which is faster. The
 * recorded checksum itself may be wrong: when it differs, this calls `open` again and lets the
 * digest decide. Throws `ContentMismatchError`.
 */
export async function* checked(
  open: () => Bytes,
  target: Pick<Descriptor, 'digest' | 'size'>,
  checksum: number,
): AsyncGenerator<Uint8Array> {
  let [size, sum] = [0, 0]
  for await (const chunk of open()) {
    size += chunk.length
    if (size > target.size) break
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (size === target.size && sum === checksum) return
  let again = 0
  try {
    for await (const chunk of verified(open(), target)) again = crc32(chunk, again)
  } catch (cause) {
    if (cause instanceof ContentMismatchError) throw cause
    // The content may have been deleted since. The yielded bytes remain unproved.
    throw new ContentMismatchError('content', named(checksum), named(sum), { cause })
  }
  if (again !== sum) throw new ContentMismatchError('content', named(again), named(sum))
}

function named(checksum: number): string {
  return `CRC-32 ${checksum.toString(16).padStart(8, '0')}`
}
