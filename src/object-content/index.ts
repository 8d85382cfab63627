// Content in buckets of S3, found by an index that replicas share.

export { createMemoryIndex } from './memory-index.ts'
export type {
  IndexedObject,
  IngestIndex,
  IngestState,
  ObjectIndex,
  TrashIndex,
  UsedObject,
} from './object-index.ts'
export { type ObjectStore, openObjectStore } from './object-store.ts'
