import { readSync } from 'node:fs'
import type { Bytes } from '#stream'

const chunkSize = 1_048_576
/**
 * Contents up to this size are read at once; the writer copies them before it takes the next entry.
 */
export const smallSize = 65_536

/**
 * Reads the contents of a small open file into `small`. Each walk has its own buffer, because two
 * trees may be packed at the same time.
 */
export function smallContents(fd: number, size: number, small: Uint8Array): Uint8Array {
  let length = 0
  while (length < size) {
    const count = readSync(fd, small, length, size - length, null)
    if (count === 0) break
    length += count
  }
  return small.subarray(0, length)
}

/** Yields the contents of an open file to its end, in one buffer. Leaves the descriptor open. */
export async function* contents(fd: number): Bytes {
  const chunk = Buffer.allocUnsafeSlow(chunkSize)
  for (;;) {
    const count = readSync(fd, chunk, 0, chunkSize, null)
    if (count === 0) return
    yield chunk.subarray(0, count)
  }
}
