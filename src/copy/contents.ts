import { readSync } from 'node:fs'
import { treeCalls, writeAllNow } from '#platform'
import { type Bytes, createBreath } from '#stream'

const chunkSize = 1_048_576
/** Bytes that the kernel copies in one call. The program does nothing else in that time. */
const rangeSize = 8_388_608

/**
 * Yields exactly `size` bytes of an open file, in one buffer. A file that another process has
 * shortened ends in zeros, because its size is in the archive already; `shortened` is called then.
 */
export async function* readExactly(
  fd: number,
  size: number,
  shortened: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunk = Buffer.allocUnsafeSlow(Math.min(chunkSize, size))
  for (let rest = size; rest > 0; ) {
    const wanted = Math.min(chunk.length, rest)
    const count = readSync(fd, chunk, 0, wanted, null)
    if (count === 0) {
      shortened()
      return yield* zeros(rest)
    }
    rest -= count
    yield chunk.subarray(0, count)
  }
}

async function* zeros(size: number): Bytes {
  const chunk = new Uint8Array(Math.min(chunkSize, size))
  for (let rest = size; rest > 0; rest -= chunk.length) yield chunk.subarray(0, rest)
}

export interface CopyContentsOptions {
  /** Bytes. */
  readonly size: number
  /** Called with the number of bytes that were copied since the last call. */
  readonly copied: (bytes: number) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * Copies the first `size` bytes of one open file into another, which is empty. The kernel copies
 * where it can, and shares the blocks where the file system can. Holes stay holes.
 */
export async function copyContents(
  from: number,
  to: number,
  { size, copied, signal }: CopyContentsOptions,
): Promise<void> {
  const breath = createBreath(signal)
  for (let offset = 0; offset < size; ) {
    const data = treeCalls.nextData(from, offset)
    if (data === undefined || data.start >= size) break
    const end = Math.min(data.end, size)
    for (offset = data.start; offset < end; ) {
      const length = Math.min(end - offset, rangeSize)
      const count =
        treeCalls.copyRange(from, to, { offset, length }) ?? pass(from, to, { offset, length })
      // Another process has shortened the file.
      if (count === 0) break
      offset += count
      copied(count)
      const pause = breath()
      if (pause !== undefined) await pause
    }
    if (offset < end) break
  }
  if ((treeCalls.entryStatus(to)?.size ?? 0) < size) treeCalls.setSize(to, size)
}

function pass(
  from: number,
  to: number,
  { offset, length }: { readonly offset: number; readonly length: number },
): number {
  const chunk = Buffer.allocUnsafe(Math.min(length, chunkSize))
  const count = readSync(from, chunk, 0, chunk.length, offset)
  writeAllNow(to, chunk.subarray(0, count), offset)
  return count
}
