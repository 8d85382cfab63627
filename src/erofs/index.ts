// Indexes: file systems whose metadata is one EROFS image and whose contents stay in the layers' archives.

// Applying a layer's archive to a tree.
export type { AppliedTar, ApplyTarOptions } from './apply.ts'
export { applyListing, applyTar } from './apply.ts'
// Listing a tree and reading its files.
export type { IndexEntry, ReadDevice } from './list.ts'
export { listTree, readContents } from './list.ts'
// Reading an index into a tree.
export { readIndex } from './read.ts'
// A small index with which a caller tests whether the kernel mounts indexes.
export type { SampleIndex } from './sample.ts'
export { sampleIndex } from './sample.ts'
// The head of an index: what a mount needs.
export type { IndexDevice, IndexHead } from './superblock.ts'
export { indexHeadSize, readIndexHead } from './superblock.ts'
// File systems in memory.
export type { Tree, TreeDevice } from './tree.ts'
export { createTree } from './tree.ts'
// Writing a tree as an index.
export type { WriteIndexOptions } from './write.ts'
export { writeIndex } from './write.ts'
