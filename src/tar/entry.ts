import type { Bytes } from '#stream'

/** What an entry makes. Contiguous files (type 7) are files. */
export type TarEntryType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character'
  | 'block'
  | 'directory'
  | 'fifo'

/**
 * One member of an archive, as its header and extended headers together say.
 * Names keep every byte (see `decodeName`).
 */
export interface TarHeader {
  /** As the archive spells it, except that the slash ending a directory's name is dropped. */
  readonly path: string
  readonly type: TarEntryType
  /** Permission bits with setuid, setgid and sticky: 0-0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of the contents; of a sparse file, holes included. 0 for everything but files. */
  readonly size: number
  /** Whole seconds since 1970, rounded down; may be negative. */
  readonly mtime: number
  /** 0-999,999,999, to be added to `mtime`. */
  readonly mtimeNanoseconds: number
  /** Target of a symbolic or hard link, byte for byte; `''` for the others. */
  readonly linkpath: string
  readonly deviceMajor: number
  readonly deviceMinor: number
  readonly xattrs: ReadonlyMap<string, Uint8Array>
}

/** A stretch of a sparse file that is not a hole. */
export interface TarExtent {
  readonly offset: number
  readonly size: number
}

/** An entry and where it lies in its archive. */
export interface PlacedEntry extends TarHeader {
  /** Where its own header block starts in the archive; extended headers come before it. */
  readonly headerOffset: number
  /** Where its contents start in the archive. */
  readonly dataOffset: number
}

/** An entry being read. */
export interface TarEntry extends PlacedEntry {
  /** Only of sparse files: what the archive holds, back to back from `dataOffset`. */
  readonly extents?: readonly TarExtent[]
  /**
   * The contents, holes as zeros. Can be read once, before the next entry is
   * asked for; what is left unread then is skipped.
   */
  readonly body: Bytes
}

/** An entry to be written: what is left out is 0, empty, or usual (0644 files, 0755 directories, 0777 links). */
export interface TarInput extends Partial<Omit<TarHeader, 'path'>> {
  readonly path: string
  /** Exactly `size` bytes; `size` may be left out when all of them are given at once. */
  readonly body?: Bytes | Uint8Array
}

/** What a reader accepts at most (RELIABILITY A16-A18). */
export interface TarLimits {
  readonly entries: number
  /** Bytes of one extended header. */
  readonly metaSize: number
  /** Bytes of a path or link target. */
  readonly pathLength: number
  /** Bytes of one component of a path. */
  readonly componentLength: number
  readonly depth: number
  readonly sparseExtents: number
  /** Bytes of a sparse file, holes included. */
  readonly sparseSize: number
}

export const defaultTarLimits: TarLimits = {
  entries: 10_000_000,
  metaSize: 1_048_576,
  pathLength: 4096,
  componentLength: 255,
  depth: 1024,
  sparseExtents: 1_000_000,
  sparseSize: 2 ** 40,
}

/** Shared by the many entries that have none. */
export const noXattrs: ReadonlyMap<string, Uint8Array> = new Map()
