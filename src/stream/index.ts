// Streams of bytes: verified, limited, hashed, decompressed, in chunks of a useful size.

// Pauses in long synchronous work.
export { createBreath } from './breathe.ts'
// Streams to buffers and back.
export { concat, fromBuffer, fromBuffers, rechunk, toBuffer } from './buffer.ts'
// The type of content in transit.
export type { Bytes } from './bytes.ts'
export { checked } from './checked.ts'
// Bounded concurrency.
export { mapConcurrently, mapOrdered } from './concurrency.ts'
// Decompressing untrusted data.
export type { DecompressLimits, DecompressOptions } from './decompress/decompress.ts'
export { decompress, gunzip, unzstd } from './decompress/decompress.ts'
// Detecting the compression.
export type { Compression } from './decompress/detect.ts'
export { detectCompression, detectLength } from './decompress/detect.ts'
export { giveWay } from './give-way.ts'
// Digests and checksums.
export type { Hasher } from './hash.ts'
export { crc32, createHasher, hashed } from './hash.ts'
// Chunks that may be queued or kept, unlike those of `Bytes`.
export type { KeptBytes, KeptChunk } from './kept.ts'
export { freeing, giveChunk, keepChunk, keepChunks } from './kept.ts'
// Limits and counters.
export { counted, limited } from './limit.ts'
// Progress events.
export type { Emit, ExplainEvent, MissCause, ProgressEvent, StepEvent } from './progress.ts'
export { silent } from './progress.ts'
// Senders that are too slow.
export { type Pace, steady, TooSlowError } from './steady.ts'
// Verifying bytes against a descriptor.
export { verified } from './verify.ts'
// Bytes as streams of the web.
export { asReadableStream, toReadableStream } from './web-stream.ts'
