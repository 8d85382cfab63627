import { StrakeError } from '#oci'
import type { Bytes } from './bytes.ts'

/** Yields at most `max` bytes. Throws `SIZE_INVALID` instead of the first byte beyond. */
export async function* limited(
  bytes: Bytes,
  max: number,
  what: string,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > max) {
      throw new StrakeError('SIZE_INVALID', `Cannot read ${what}: it has more than ${max} bytes`)
    }
    yield chunk
  }
}

/** Yields `bytes` unchanged and calls `onBytes` with the running total after each chunk. */
export async function* counted(
  bytes: Bytes,
  onBytes: (total: number) => void,
): AsyncGenerator<Uint8Array> {
  let total = 0
  for await (const chunk of bytes) {
    total += chunk.length
    onBytes(total)
    yield chunk
  }
}
