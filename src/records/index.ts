// The facts of a store: one SQLite file, many processes.

export type { Addresses, AddressRecord, AllocateOptions } from './addresses.ts'
// What builds remember: results, inputs, file digests.
export type { Cache, CacheRecord, PruneOptions } from './cache.ts'
// Containers and their addresses.
export type { ContainerChange, ContainerRecord, Containers } from './containers.ts'
// Blobs that were deleted on purpose.
export type { Dropped, DroppedRecord } from './dropped.ts'
// A JSON object whose members their owner checks.
export type { JsonDocument } from './fields.ts'
// Images by manifest digest, and layers by diff ID.
export type { ImageRecord, Images } from './images.ts'
export type { Layers, MadeLayer, MadeMembers } from './layers.ts'
// What keeps content from being collected.
export type { Lease, LeaseOptions, Leases } from './leases.ts'
// The groups of facts, opened together.
export type { Records, RecordsOptions } from './records.ts'
export { openRecords } from './records.ts'
// Where blobs were seen.
export type { SourceRecord, Sources } from './sources.ts'
// Names and everything they ever meant.
export type { TagMove, TagRecord, Tags } from './tags.ts'
