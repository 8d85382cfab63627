/**
 * The one currency for content inside strake. Chunks are at best 64 KiB to
 * 1 MiB; a chunk is valid only until the next one is asked for, so whoever
 * keeps one copies it.
 */
export type Bytes = AsyncIterable<Uint8Array>
