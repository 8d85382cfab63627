import type { Bytes } from './bytes.ts'

declare const isKept: unique symbol

/** A chunk whose memory is not written again, so that it may be queued or kept. */
export type KeptChunk = Uint8Array<ArrayBuffer> & { readonly [isKept]: true }

/**
 * Bytes whose chunks do not change when the consumer requests the next one. For consumers that
 * queue chunks: a stream of the runtime, a request body, a list.
 */
export type KeptBytes = AsyncIterable<KeptChunk>

/** Copies a chunk whose memory its producer may reuse. */
export function keepChunk(chunk: Uint8Array): KeptChunk {
  // Not `slice`: on a Buffer it returns a view of the same memory.
  return giveChunk(new Uint8Array(chunk))
}

/** Returns the chunk itself, for a producer that allocated it and never writes to it again. */
export function giveChunk(chunk: Uint8Array<ArrayBuffer>): KeptChunk {
  return chunk as KeptChunk
}

/** The same bytes, each chunk a copy. */
export async function* keepChunks(bytes: Bytes): AsyncGenerator<KeptChunk> {
  for await (const chunk of bytes) yield keepChunk(chunk)
}

/**
 * The same bytes. Frees the memory of a chunk when the next one is requested, without waiting for a
 * garbage collection. Only for chunks to which no other code refers.
 */
export async function* freeing(bytes: Bytes): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk
    const { buffer } = chunk
    const isWhole = chunk.byteLength === buffer.byteLength
    if (isWhole && buffer instanceof ArrayBuffer) buffer.transfer(0)
  }
}
