// Archives as streams of entries: what an entry is, reading, writing, and names that lose no byte.

// One entry: as read, and as given to the writer.
export type {
  PlacedEntry,
  TarEntry,
  TarEntryType,
  TarExtent,
  TarHeader,
  TarInput,
  TarLimits,
} from './entry.ts'
// The most a reader accepts.
export { defaultTarLimits } from './entry.ts'
// Names are bytes: as strings and back, in order, and fit for a message.
export { compareNames, decodeName, encodeName, printableName } from './name.ts'
// Spelling of paths inside an archive.
export { baseName, cleanPath, parentPath } from './path.ts'
// Archive to entries.
export type { ReadTarOptions } from './read/read.ts'
export { readTar } from './read/read.ts'
// What of attributes and times goes from a layer into a filesystem, and back.
export { mayTravel, travellingTime } from './travel.ts'
// How a layer says that something below it is gone.
export type { Whiteout } from './whiteout.ts'
export { isOverlayWhiteout, opaqueName, parseWhiteout, whiteoutPrefix } from './whiteout.ts'
// Header blocks of one entry, for whoever places contents itself.
export { encodeEntry } from './write/encode.ts'
// What an archive holds, known to who writes it.
export { TarLister, type TarListing } from './write/listing.ts'
// Entries to archive.
export { packTar, writeTar } from './write/write.ts'
