import type { Bytes } from '#stream'
import { noXattrs, type TarEntry, type TarEntryType, type TarExtent } from '../entry.ts'
import type { HeaderBlock } from '../header.ts'
import type { PaxHeader } from './pax.ts'

/**
 * The entry types by typeflag byte: NUL, `0` to `7`, and GNU's `S`. POSIX forbids a reader to treat
 * another type as a file.
 */
export const entryTypes: Readonly<Record<number, TarEntryType>> = {
  0: 'file',
  48: 'file',
  49: 'hardlink',
  50: 'symlink',
  51: 'character',
  52: 'block',
  53: 'directory',
  54: 'fifo',
  55: 'file',
  83: 'file',
}

/** An entry's header with its extended headers, before its contents were found. */
export interface Found {
  readonly header: HeaderBlock
  readonly pax: PaxHeader
  readonly path: string
  readonly type: TarEntryType
  readonly linkpath: string
  /** Bytes of the entry in the archive, including a sparse map. */
  readonly stored: number
}

export interface Placement {
  readonly headerOffset: number
  readonly dataOffset: number
  readonly size: number
  readonly extents: readonly TarExtent[] | undefined
  readonly body: Bytes
}

/** Makes an entry from a header block and its extended headers. */
export function assembleEntry(found: Found, place: Placement): TarEntry {
  const { header, pax, path, type } = found
  const time = pax.mtime
  const entry: TarEntry = {
    path: type === 'directory' && path.endsWith('/') ? withoutSlashes(path) : path,
    type,
    mode: header.mode,
    uid: pax.uid ?? header.uid,
    gid: pax.gid ?? header.gid,
    size: place.size,
    mtime: time === undefined ? header.mtime : time.seconds,
    mtimeNanoseconds: time === undefined ? 0 : time.nanoseconds,
    linkpath: found.linkpath,
    deviceMajor: pax.deviceMajor ?? header.deviceMajor,
    deviceMinor: pax.deviceMinor ?? header.deviceMinor,
    xattrs: pax.xattrs ?? noXattrs,
    headerOffset: place.headerOffset,
    dataOffset: place.dataOffset,
    body: place.body,
  }
  return place.extents === undefined ? entry : { ...entry, extents: place.extents }
}

function withoutSlashes(path: string): string {
  let end = path.length
  while (end > 1 && path.charCodeAt(end - 1) === 0x2f) end--
  return path.slice(0, end)
}
