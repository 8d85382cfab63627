import type { Bytes } from './bytes.ts'

declare const isKept: unique symbol

/** A chunk whose memory is never written again, so that it may be queued or kept. */
export type KeptChunk = Uint8Array<ArrayBuffer> & { readonly [isKept]: true }

/**
 * Bytes whose chunks stay unchanged when the consumer asks for the next one. Consumers
 * that queue chunks take these: a stream of the runtime, a request body, a list.
 */
export type KeptBytes = AsyncIterable<KeptChunk>

/** Copies a chunk whose memory its producer may reuse. */
export function keepChunk(chunk: Uint8Array): KeptChunk {
  // `slice` would not do: on a Buffer it returns a view of the same memory.
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
 * The same bytes; the memory of a chunk is given back when the next is asked for,
 * without waiting for a collection. Only for chunks that nothing else refers to.
 */
export async function* freeing(bytes: Bytes): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk
    const { buffer } = chunk
    const isWhole = chunk.byteLength === buffer.byteLength
    if (isWhole && buffer instanceof ArrayBuffer) buffer.transfer(0)
  }
}
