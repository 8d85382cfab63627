/**
 * The one currency for content inside strake. Chunks are at best 64 KiB to
 * 1 MiB. A producer may use the memory of a chunk again as soon as it is asked for
 * the next one, so a consumer that queues or keeps chunks takes `KeptBytes`.
 */
export type Bytes = AsyncIterable<Uint8Array>
