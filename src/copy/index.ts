// Copies files between two trees, of which one may be that of a container or an archive.

/** The files of a container. */
export { ContainerTree, type ContainerTreeOptions } from './container-tree.ts'
/** One directory into another. */
export {
  type CopyDirectoryOptions,
  copyDirectory,
  directoryEntries,
  directoryWriter,
} from './copy-directory.ts'
/** Patterns of a shell. */
export { expandPattern, isPattern } from './glob.ts'
/** The files of this machine. */
export { LocalTree } from './local-tree.ts'
/** Where a copy is made. */
export { type CopyPlace, placeCopy } from './place.ts'
/** From a tree to entries. */
export { type CopyEntry, type ReadTreeOptions, readTree } from './read-tree.ts'
/** Trees, and places in them. */
export type { CopyTree, Directory, Origin, Target } from './tree.ts'
/** From entries to a tree. */
export { TreeWriter, type WriteTreeOptions } from './write-tree.ts'
