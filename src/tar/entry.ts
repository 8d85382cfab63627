import type { Bytes } from '#stream'

/** The kind of file that an entry makes. Contiguous files (type 7) are files. */
export type TarEntryType =
  | 'file'
  | 'hardlink'
  | 'symlink'
  | 'character'
  | 'block'
  | 'directory'
  | 'fifo'

/**
 * One member of an archive: its header with the extended headers applied. Names keep
 * every byte (see `decodeName`).
 */
export interface TarHeader {
  /** As the archive spells it, without the slash at the end of a directory's name. */
  readonly path: string
  readonly type: TarEntryType
  /** Permission bits with setuid, setgid and sticky: 0-0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Size of the contents in bytes, holes of a sparse file included. 0 for everything but files. */
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

/** An entry and its position in the archive. */
export interface PlacedEntry extends TarHeader {
  /** Position of its own header block. Extended headers come before it. */
  readonly headerOffset: number
  /** Position of its contents. */
  readonly dataOffset: number
}

/** A file with its contents, from an archive or from a tree. */
export interface FileEntry extends TarHeader {
  /** For a sparse file only: the extents that are not holes. */
  readonly extents?: readonly TarExtent[] | undefined
  /**
   * The contents, holes as zeros. The consumer can read it once, before it asks for the
   * next entry. That skips the unread rest.
   */
  readonly body: Bytes
}

/** An entry that is being read. Its extents are back to back in the archive from `dataOffset`. */
export interface TarEntry extends PlacedEntry, FileEntry {}

/**
 * An entry to write. Absent members are 0 or empty; an absent mode is 0644 for files, 0755 for
 * directories and 0777 for links.
 */
export interface TarInput extends Partial<Omit<TarHeader, 'path'>> {
  readonly path: string
  /** Exactly `size` bytes. `size` may be absent when this is one buffer. */
  readonly body?: Bytes | Uint8Array
}

/** The limits of a reader. Each stops an archive that would exhaust memory or a file system. */
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

/** Shared by the many entries without attributes. */
export const noXattrs: ReadonlyMap<string, Uint8Array> = new Map()
