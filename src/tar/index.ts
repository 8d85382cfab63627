// Archives as streams of entries: reading, writing, and lossless names.

// Entries, as read and as written.
export type {
  FileEntry,
  PlacedEntry,
  TarEntry,
  TarEntryType,
  TarExtent,
  TarHeader,
  TarInput,
  TarLimits,
} from './entry.ts'
// The limits of a reader.
export { defaultTarLimits } from './entry.ts'
// Names: conversion between bytes and strings, their order, and their form in messages.
export { compareNames, decodeName, encodeName, printableName } from './name.ts'
// The canonical spelling of paths in an archive.
export { baseName, cleanPath, parentPath } from './path.ts'
// Reading an archive.
export type { SkippableBytes } from './read/cursor.ts'
export type { ReadTarOptions } from './read/read.ts'
export { readTar } from './read/read.ts'
// The attributes and times that are moved between a layer and a file system.
export { areTooLarge, mayTravel, travellingTime } from './travel.ts'
// Whiteouts: how a layer removes entries of lower layers.
export type { Whiteout } from './whiteout.ts'
export { isOverlayWhiteout, opaqueName, parseWhiteout, whiteoutPrefix } from './whiteout.ts'
// The header blocks of one entry, for a caller that places contents itself.
export { encodeEntry } from './write/encode.ts'
// The list of entries that a writer makes of its archive.
export { TarLister, type TarListing } from './write/listing.ts'
// Writing an archive.
export { packTar, writeTar } from './write/write.ts'
