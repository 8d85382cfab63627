// Layers: an archive onto a tree, and a tree into an archive.

// Archive to tree.
export type { AppliedLayer, ApplyLayerOptions } from './apply.ts'
export { applyLayer } from './apply.ts'
// What overlayfs wrote above a tree.
export type { PathChange } from './changes.ts'
export { listChanges } from './changes.ts'
// What differs between two trees.
export { compareTrees } from './compare-trees.ts'
// Changes or a whole tree to archive.
export type { DiffUpperOptions, PackTreeOptions } from './diff.ts'
export { diffUpper, packTree } from './diff.ts'
