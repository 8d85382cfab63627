// Indexes: filesystems whose metadata are one EROFS image and whose contents stay in the layers' archives.

// A layer's archive onto a tree.
export type { AppliedTar, ApplyTarOptions } from './apply.ts'
export { applyListing, applyTar } from './apply.ts'
// What is in a tree, and in its files.
export type { IndexEntry, ReadDevice } from './list.ts'
export { listTree, readContents } from './list.ts'
// Index to tree.
export { readIndex } from './read.ts'
// Finding out whether a kernel mounts indexes.
export type { SampleIndex } from './sample.ts'
export { sampleIndex } from './sample.ts'
// What an index needs to be mounted.
export type { IndexDevice, IndexHead } from './superblock.ts'
export { indexHeadSize, readIndexHead } from './superblock.ts'
// Filesystems in memory.
export type { Tree, TreeDevice } from './tree.ts'
export { createTree } from './tree.ts'
// Tree to index.
export type { WriteIndexOptions } from './write.ts'
export { writeIndex } from './write.ts'
