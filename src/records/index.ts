// The facts of a store: one SQLite file, many processes.

// A JSON object whose members their owner checks.
export type { JsonDocument } from './fields.ts'
export { setAsideDamaged } from './quarantine.ts'
// The groups of facts, opened together.
export type { Records, RecordsOptions } from './records.ts'
export { openRecords } from './records.ts'
export type { Addresses, AddressRecord, AllocateOptions } from './tables/addresses.ts'
// Records of builds: results and inputs.
export { type Cache, type CacheRecord, inputsName, type PruneOptions } from './tables/cache.ts'
// Containers and their addresses.
export type { ContainerChange, ContainerRecord, Containers } from './tables/containers.ts'
// Blobs that were deleted on purpose.
export type { Dropped, DroppedRecord } from './tables/dropped.ts'
// The log of events.
export type {
  EventActions,
  EventQuery,
  EventRecord,
  Events,
  NewEvent,
} from './tables/events.ts'
// Images by manifest digest, and layers by diff ID.
export type { ImageRecord, Images, StoredImage } from './tables/images.ts'
// Images of several platforms.
export type { Indexes, IndexRecord } from './tables/indexes.ts'
export type { Layers, MadeLayer, MadeMembers } from './tables/layers.ts'
// Leases, which keep content from being collected.
export type { Lease, LeaseOptions, LeaseRecord, Leases } from './tables/leases.ts'
// The record that facts were lost.
export type { Loss, LossRecord } from './tables/loss.ts'
// Networks and volumes.
export type {
  NetworkBlock,
  NetworkRecord,
  NetworkRecords,
  NetworkTraits,
} from './tables/networks.ts'
// Where blobs were seen.
export type { SourceRecord, Sources } from './tables/sources.ts'
// Names and their history.
export type { TagMove, TagRecord, Tags } from './tables/tags.ts'
export type { VolumeRecord, Volumes } from './tables/volumes.ts'
