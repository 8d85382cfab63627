import type { TarExtent } from '../entry.ts'
import { readDecimal, readTime, type TarTime } from '../field.ts'
import type { Refuse } from '../header.ts'
import { decodeName } from '../name.ts'

/** The fields of an extended header; for an absent field the one of the header block counts. */
export interface PaxHeader {
  path?: string
  linkpath?: string
  size?: number
  uid?: number
  gid?: number
  mtime?: TarTime
  deviceMajor?: number
  deviceMinor?: number
  xattrs?: Map<string, Uint8Array>
  sparse?: PaxSparse
}

/** The `GNU.sparse.*` records of formats 0.0, 0.1 and 1.0. */
export interface PaxSparse {
  major?: number
  minor?: number
  name?: string
  realSize?: number
  /** Number of extents that the map declares. */
  count?: number
  /** Offsets and sizes in alternation, for formats 0.0 and 0.1. */
  readonly map: number[]
}

/**
 * Reads the records of a pax extended header (POSIX.1-2017 pax, "pax Extended Header"), each
 * `length key=value\n`. An empty value removes an earlier record. Skips keys that do not affect the
 * entry.
 */
export function parsePax(bytes: Uint8Array, refuse: Refuse): PaxHeader {
  const header: PaxHeader = {}
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at)
    const length = space === -1 || space - at > 10 ? Number.NaN : readDecimal(bytes, at, space)
    const end = at + length
    if (!(length > 0 && end <= bytes.length && bytes[end - 1] === 0x0a)) {
      return refuse('its extended header has a record of a wrong length')
    }
    const equals = bytes.indexOf(0x3d, space)
    if (equals <= space + 1 || equals >= end) {
      return refuse('its extended header has a record without a key')
    }
    const key = decodeName(bytes, space + 1, equals)
    applyRecord(header, key, { bytes, start: equals + 1, end: end - 1, refuse })
    at = end
  }
  return header
}

interface PaxValue {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly refuse: Refuse
}

function applyRecord(header: PaxHeader, key: string, value: PaxValue): void {
  const empty = value.start === value.end
  switch (key) {
    case 'path':
    case 'linkpath':
      if (empty) delete header[key]
      else header[key] = text(key, value)
      return
    case 'size':
    case 'uid':
    case 'gid':
      if (empty) delete header[key]
      else header[key] = number(key, value)
      return
    case 'mtime':
      if (empty) delete header.mtime
      else header.mtime = time(value)
      return
    case 'SCHILY.devmajor':
      header.deviceMajor = number(key, value)
      return
    case 'SCHILY.devminor':
      header.deviceMinor = number(key, value)
      return
    default:
      applyVendorRecord(header, key, value)
  }
}

function applyVendorRecord(header: PaxHeader, key: string, value: PaxValue): void {
  if (key.startsWith('SCHILY.xattr.')) {
    header.xattrs ??= new Map()
    const contents = new Uint8Array(value.bytes.subarray(value.start, value.end))
    header.xattrs.set(attributeName(key.slice(13), value), contents)
  } else if (key.startsWith('LIBARCHIVE.xattr.')) {
    header.xattrs ??= new Map()
    const name = attributeName(percentDecoded(key.slice(17), value), value)
    // bsdtar writes both encodings; SCHILY contains the exact bytes.
    if (!header.xattrs.has(name)) header.xattrs.set(name, base64(value))
  } else if (key.startsWith('GNU.sparse.')) {
    header.sparse ??= { map: [] }
    applySparseRecord(header.sparse, key.slice(11), value)
  }
}

function applySparseRecord(sparse: PaxSparse, key: string, value: PaxValue): void {
  if (key === 'name') sparse.name = text(key, value)
  else if (key === 'major' || key === 'minor') sparse[key] = number(key, value)
  else if (key === 'realsize' || key === 'size') sparse.realSize = number(key, value)
  else if (key === 'numblocks') sparse.count = number(key, value)
  else if (key === 'offset' || key === 'numbytes') {
    const odd = key === 'numbytes'
    if ((sparse.map.length % 2 === 1) !== odd) value.refuse('its sparse map is out of order')
    sparse.map.push(number(key, value))
  } else if (key === 'map') {
    sparse.map.length = 0
    for (let at = value.start; at < value.end; ) {
      const comma = value.bytes.indexOf(0x2c, at)
      const end = comma === -1 || comma > value.end ? value.end : comma
      sparse.map.push(number('map', { ...value, start: at, end }))
      at = end + 1
    }
  }
}

/** Converts the numbers of a sparse map into extents. */
export function pairExtents(map: readonly number[], refuse: Refuse): TarExtent[] {
  if (map.length % 2 === 1) refuse('its sparse map has half an extent')
  const extents: TarExtent[] = []
  for (let i = 0; i < map.length; i += 2) {
    extents.push({ offset: map[i] ?? 0, size: map[i + 1] ?? 0 })
  }
  return extents
}

function text(key: string, { bytes, start, end, refuse }: PaxValue): string {
  // Some readers stop at a NUL and some do not, so a name with a NUL is refused.
  const nul = bytes.indexOf(0, start)
  if (nul !== -1 && nul < end) refuse(`its extended header has a NUL in ${key}`)
  return decodeName(bytes, start, end)
}

function number(key: string, { bytes, start, end, refuse }: PaxValue): number {
  const value = readDecimal(bytes, start, end)
  return Number.isNaN(value)
    ? refuse(`its extended header has a ${key} that is not a number`)
    : value
}

function time({ bytes, start, end, refuse }: PaxValue): TarTime {
  return (
    readTime(bytes, start, end) ?? refuse('its extended header has an mtime that is not a time')
  )
}

function attributeName(name: string, { refuse }: PaxValue): string {
  return name === '' || name.includes('\0') ? refuse('it has a malformed attribute name') : name
}

function percentDecoded(name: string, { refuse }: PaxValue): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return refuse('it has a malformed attribute name')
  }
}

function base64({ bytes, start, end, refuse }: PaxValue): Uint8Array {
  const encoded = decodeName(bytes, start, end)
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(encoded)) refuse('it has a malformed attribute value')
  return Uint8Array.from(Buffer.from(encoded, 'base64'))
}
