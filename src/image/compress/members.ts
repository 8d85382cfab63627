import { type ChunkMemory, type CompressThreads, maxChunkSize } from '#platform'
import { type Bytes, crc32, mapOrdered } from '#stream'
import { findCut, minMemberSize } from './cut.ts'

/** A gzip member or zstd frame, and the piece of an archive that it contains. */
export interface Member {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Size of the piece in bytes. */
  readonly size: number
  /** CRC-32 of the piece. */
  readonly checksum: number
}

export interface CompressOptions {
  readonly threads: CompressThreads
  /** Finds the probable member of a piece; it is checked before it is used. */
  readonly find?: (size: number, checksum: number) => Promise<Uint8Array<ArrayBuffer> | undefined>
}

/**
 * Compresses an archive; every piece between two cuts becomes a separate member. Empty input gives
 * one empty member. The members depend only on the archive and the compressor. `tar` may reuse the
 * memory of its chunks.
 */
export async function* compressMembers(
  tar: Bytes,
  { threads, find }: CompressOptions,
): AsyncGenerator<Member> {
  yield* mapOrdered(pieces(tar, threads), threads.parallel, async ({ memory, size }) => {
    const checksum = crc32(memory.bytes.subarray(0, size))
    const kept = await find?.(size, checksum)
    return { bytes: await memory.compress(size, kept), size, checksum }
  })
}

/** A piece of an archive in borrowed memory, which the consumer must return. */
interface Piece {
  readonly memory: ChunkMemory
  readonly size: number
}

async function* pieces(tar: Bytes, threads: CompressThreads): AsyncGenerator<Piece> {
  let memory: ChunkMemory | undefined
  let size = 0
  let isEmpty = true
  let carried: Uint8Array = new Uint8Array(0)
  try {
    for await (const chunk of tar) {
      for (let at = 0; at < chunk.length; ) {
        if (memory === undefined) {
          memory = await threads.take()
          memory.bytes.set(carried)
          size = carried.length
        }
        const part = chunk.subarray(at, at + maxChunkSize - size)
        memory.bytes.set(part, size)
        // Searches an incomplete header again.
        const from = Math.max(minMemberSize, size - (size % 512))
        size += part.length
        at += part.length
        const filled: Uint8Array = memory.bytes.subarray(0, size)
        const cut = findCut(filled, from) ?? (size === maxChunkSize ? size : undefined)
        if (cut === undefined) continue
        // The rest is read from the chunk again, except the part of a header that came before this
        // chunk.
        const rest = size - cut
        at -= Math.min(rest, part.length)
        carried = filled.slice(cut, cut + Math.max(0, rest - part.length))
        isEmpty = false
        const piece = { memory, size: cut }
        memory = undefined
        yield piece
      }
    }
    if (memory === undefined && !isEmpty) return
    const last = { memory: memory ?? (await threads.take()), size }
    memory = undefined
    yield last
  } finally {
    memory?.release()
  }
}
