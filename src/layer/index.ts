// Layers: applies an archive to a tree, and packs a tree into an archive.

// Archive to tree.
export type { AppliedLayer, ApplyLayerOptions } from './apply.ts'
export { applyLayer } from './apply.ts'
// Parts of it, for copies of single trees.
export { travellingAttributes } from './attribute.ts'
// Changes that overlayfs wrote above a tree.
export type { PathChange } from './changes.ts'
export { listChanges } from './changes.ts'
// Differences between two trees.
export { compareTrees } from './compare-trees.ts'
// Packs changes or a whole tree into an archive.
export type { DiffUpperOptions, PackTreeOptions } from './diff.ts'
export { diffUpper, packTree, treeEntries } from './diff.ts'
// Making one file of an entry.
export { extractFile, extractSpecial, extractSymlink, setMetadata } from './extract.ts'
// Errors of the kernel as sentences.
export { explained } from './refusal.ts'
