// Files inside an untrusted tree: every call takes a directory descriptor and a name.

export { openBeneath, readFully } from '../call/read-file.ts'
export type { DataRange } from './copy-range.ts'
export { copyRange, nextData, openFound } from './copy-range.ts'
export type { DirectoryName, EntryName, SpecialFile } from './root-entries.ts'
export {
  closeDescriptor,
  createFile,
  listDirectory,
  locate,
  makeDirectory,
  makeHardlink,
  makeSpecial,
  makeSymlink,
  moveEntry,
  openDirectory,
  openFileAt,
  openPlace,
  openRoot,
  readSymlink,
  removeName,
  removeTree,
  resolveDirectory,
} from './root-entries.ts'
export type { EntryStatus } from './root-metadata.ts'
export {
  entryStatus,
  listAttributes,
  readAttribute,
  removeAttribute,
  setAttribute,
  setMode,
  setOwner,
  setOwnerAt,
  setPlaceMode,
  setSize,
  setTime,
  setTimeAt,
} from './root-metadata.ts'
export type { ScannedStatus } from './scan.ts'
export { scanDescriptor, scanDirectory, scanPath } from './scan.ts'
