import type { Bytes } from './bytes.ts'

declare const isKept: unique symbol

/** A chunk in memory that nobody writes to again: it may be queued, or kept for later. */
export type KeptChunk = Uint8Array<ArrayBuffer> & { readonly [isKept]: true }

/**
 * Bytes whose chunks stay as they are when the next one is asked for. Whatever queues
 * chunks takes these: a stream of the runtime, a request body, a list of chunks.
 */
export type KeptBytes = AsyncIterable<KeptChunk>

/** A copy of a chunk whose memory its producer may use again. */
export function keepChunk(chunk: Uint8Array): KeptChunk {
  // `slice` would not do: on a Buffer it returns a view of the same memory.
  return giveChunk(new Uint8Array(chunk))
}

/** The chunk itself, for a producer that made its memory and does not write to it again. */
export function giveChunk(chunk: Uint8Array<ArrayBuffer>): KeptChunk {
  return chunk as KeptChunk
}

/** The same bytes, each chunk a copy. */
export async function* keepChunks(bytes: Bytes): AsyncGenerator<KeptChunk> {
  for await (const chunk of bytes) yield keepChunk(chunk)
}
