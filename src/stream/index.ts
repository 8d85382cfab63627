// Bytes on their way: verified, limited, hashed, compressed, in chunks of a useful size.

// Long synchronous work that lets others run.
export { createBreath } from './breathe.ts'
// Moving between streams and buffers.
export { concat, fromBuffer, fromBuffers, rechunk, toBuffer } from './buffer.ts'
// The one currency.
export type { Bytes } from './bytes.ts'
export { checked } from './checked.ts'
// The one way to do several things at a time.
export { mapConcurrently, mapOrdered } from './concurrency.ts'
// Decompressing what strangers sent.
export type { DecompressLimits, DecompressOptions } from './decompress.ts'
export { decompress, gunzip, unzstd } from './decompress.ts'
// Telling compressions apart.
export type { Compression } from './detect.ts'
export { detectCompression, detectLength } from './detect.ts'
// Digests, natively.
export type { Hasher } from './hash.ts'
export { crc32, createHasher, hashed } from './hash.ts'
// Chunks that may be queued or kept, unlike those of `Bytes`.
export type { KeptBytes, KeptChunk } from './kept.ts'
export { giveChunk, keepChunk, keepChunks } from './kept.ts'
// Bounds and counts.
export { counted, limited } from './limit.ts'
// Telling the caller what happens.
export type { Emit, ProgressEvent, StepEvent } from './progress.ts'
export { silent } from './progress.ts'
// Proving that bytes are the content a descriptor names.
export { verified } from './verify.ts'
