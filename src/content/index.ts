// Blobs by digest: storing, copying and collecting them.

export type { ComingBlob } from './arrivals.ts'
export { Arrivals } from './arrivals.ts'
// Deleting blobs that no root reaches.
export type { Collected, CollectOptions } from './collect.ts'
export { collect, findReachable } from './collect.ts'
// The only transfer code.
export type { CopyOptions } from './copy.ts'
export { copy } from './copy.ts'
// Blobs as files in an image layout.
export type { DirectoryStore } from './directory/directory.ts'
export { openDirectoryStore } from './directory/directory.ts'
export type { FileIngest, Written } from './directory/directory-ingest.ts'
// The image layout on disk: paths of blobs, and the index that other tools read.
export {
  blobPath,
  createLayout,
  layoutProblem,
  readIndex,
  writeIndex,
} from './directory/image-layout.ts'
// Manifests and their children.
export type { ContentDocument, ContentGraph } from './graph.ts'
export { childrenOf, isDocument, readDocument, readGraph } from './graph.ts'
// Reading blobs while a store receives them.
export { anonymousId, checkIngestId } from './ingest-id.ts'
// How long unfinished ingests are kept.
export { ingestLifetime } from './ingest-lifetime.ts'
// Blobs in memory.
export { createMemoryStore } from './memory.ts'
export { rangeOf } from './range.ts'
// A source that reads each document once.
export { rememberDocuments } from './remember-documents.ts'
// The manifest of an index for one platform.
export { selectManifest } from './select-manifest.ts'
// The interfaces of sources and stores.
export type {
  ContentSource,
  ContentStore,
  Ingest,
  IngestOptions,
  LocalStore,
  ReadOptions,
  StoredBlob,
  TagStore,
  WriteOptions,
  WriteOutcome,
} from './store.ts'
// How exact the time of use of a blob is.
export { useResolution } from './use-resolution.ts'
