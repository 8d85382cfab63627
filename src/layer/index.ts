// Layers: an archive onto a tree, and a tree into an archive.

// Archive to tree.
export type { AppliedLayer, ApplyLayerOptions } from './apply.ts'
export { applyLayer } from './apply.ts'
// Which extended attributes may be in a layer.
export { mayTravel } from './attribute.ts'
// Changes or a whole tree to archive.
export type { DiffUpperOptions, PackTreeOptions } from './diff.ts'
export { diffUpper, packTree } from './diff.ts'
// How a layer says that something below it is gone.
export type { Whiteout } from './whiteout.ts'
export { opaqueName, parseWhiteout, whiteoutPrefix } from './whiteout.ts'
