/**
 * The type of content in transit. Chunks should have 64 KiB to 1 MiB. A producer may reuse the
 * memory of a chunk when the consumer requests the next one, so a consumer that queues or keeps
 * chunks takes `KeptBytes`.
 */
export type Bytes = AsyncIterable<Uint8Array>
