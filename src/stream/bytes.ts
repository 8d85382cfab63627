/**
 * How content travels inside strake. Chunks are at best 64 KiB to 1 MiB. A producer
 * may reuse the memory of a chunk when the consumer asks for the next one, so a
 * consumer that queues or keeps chunks takes `KeptBytes`.
 */
export type Bytes = AsyncIterable<Uint8Array>
