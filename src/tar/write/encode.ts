import type { TarEntryType, TarInput } from '../entry.ts'
import { blockSize, paddingOf } from '../field.ts'
import { encodeName } from '../name.ts'
import { baseName, parentPath } from '../path.ts'
import { refuseToWrite } from './refuse-to-write.ts'

const flags: Readonly<Record<TarEntryType, number>> = {
  file: 0x30,
  hardlink: 0x31,
  symlink: 0x32,
  character: 0x33,
  block: 0x34,
  directory: 0x35,
  fifo: 0x36,
}

/** The permissions of an entry without a mode. */
export const usualModes: Readonly<Record<TarEntryType, number>> = {
  file: 0o644,
  hardlink: 0o644,
  symlink: 0o777,
  character: 0o644,
  block: 0o644,
  directory: 0o755,
  fifo: 0o644,
}

const largestId = 0o7777777
const largestSize = 0o77777777777

type Records = Map<string, string | Uint8Array>

/**
 * Returns the header of one entry, without contents: a ustar block, and before it a pax header for
 * values that do not fit. Adds a slash to the name of a directory. `block` is memory to reuse; a
 * header without pax is returned in it.
 */
export function encodeEntry(
  entry: TarInput,
  block: Uint8Array = new Uint8Array(blockSize),
): Uint8Array {
  const type = entry.type ?? 'file'
  const size = type === 'file' ? (entry.size ?? 0) : 0
  const name = encodeName(
    type === 'directory' && !entry.path.endsWith('/') ? `${entry.path}/` : entry.path,
  )
  if (name.length === 0 || name.includes(0)) {
    refuseToWrite(entry.path, 'bad name')
  }
  const link = entry.linkpath === undefined ? nothing : encodeName(entry.linkpath)
  const records: Records = new Map()
  const split = splitName(name)
  if (split === undefined) records.set('path', name)
  if (link.length > 100) records.set('linkpath', link)
  const field = (key: string, value: number, largest: number): number => {
    if (value <= largest && value >= 0) return value
    records.set(key, String(value))
    return 0
  }
  block.fill(0)
  block.set(split === undefined ? name.subarray(0, 100) : name.subarray(split))
  writeOctal(block, 100, 8, (entry.mode ?? usualModes[type]) & 0o7777)
  writeOctal(block, 108, 8, field('uid', entry.uid ?? 0, largestId))
  writeOctal(block, 116, 8, field('gid', entry.gid ?? 0, largestId))
  writeOctal(block, 124, 12, field('size', size, largestSize))
  writeOctal(block, 136, 12, timeField(entry, records))
  block[156] = flags[type]
  if (link.length > 0) block.set(link.subarray(0, 100), 157)
  block.set(magic, 257)
  if (type === 'character' || type === 'block') {
    const [major, minor] = [entry.deviceMajor ?? 0, entry.deviceMinor ?? 0]
    writeOctal(block, 329, 8, field('SCHILY.devmajor', major, largestId))
    writeOctal(block, 337, 8, field('SCHILY.devminor', minor, largestId))
  }
  if (split !== undefined && split > 0) block.set(name.subarray(0, split - 1), 345)
  for (const [key, value] of entry.xattrs ?? []) records.set(`SCHILY.xattr.${key}`, value)
  writeChecksum(block)
  return records.size === 0 ? block : Buffer.concat([paxHeader(entry.path, records), block])
}

const nothing = new Uint8Array(0)
/** `ustar`, NUL, version `00`. */
const magic = Uint8Array.of(0x75, 0x73, 0x74, 0x61, 0x72, 0, 0x30, 0x30)

function timeField(entry: TarInput, records: Records): number {
  const seconds = entry.mtime ?? 0
  const nanoseconds = entry.mtimeNanoseconds ?? 0
  if (nanoseconds === 0 && seconds >= 0 && seconds <= largestSize) return seconds
  records.set('mtime', formatTime(seconds, nanoseconds))
  return Math.max(0, Math.min(seconds, largestSize))
}

function formatTime(seconds: number, nanoseconds: number): string {
  if (nanoseconds === 0) return String(seconds)
  const [whole, part] =
    seconds < 0 ? [-1 - seconds, 1_000_000_000 - nanoseconds] : [seconds, nanoseconds]
  const digits = String(part).padStart(9, '0').replace(/0+$/, '')
  return `${seconds < 0 ? '-' : ''}${whole}.${digits}`
}

/**
 * Splits a name at a slash for the two fields of a ustar header. Returns where the second part
 * begins; 0 when the name fits into one field; `undefined` when it does not fit.
 */
function splitName(name: Uint8Array): number | undefined {
  if (name.length <= 100) return 0
  if (name.length > 256) return undefined
  // The slash at the end of a directory's name cannot split it.
  const slash = name.lastIndexOf(0x2f, Math.min(155, name.length - 2))
  return slash <= 0 || name.length - slash - 1 > 100 ? undefined : slash + 1
}

/** Writes octal digits and a NUL, `length` bytes in total. */
function writeOctal(block: Uint8Array, start: number, length: number, value: number): void {
  let at = start + length - 2
  let rest = value
  for (; rest > 0x3fffffff; at--) {
    block[at] = 0x30 + (rest % 8)
    rest = Math.floor(rest / 8)
  }
  for (; at >= start; at--) {
    block[at] = 0x30 | (rest & 7)
    rest >>= 3
  }
}

function writeChecksum(block: Uint8Array): void {
  let sum = 8 * 0x20
  for (let i = 0; i < blockSize; i++) sum += block[i] ?? 0
  writeOctal(block, 148, 7, sum)
  block[155] = 0x20
}

/** A pax header for the entry `path`: a ustar block, the records sorted by key, padding. */
function paxHeader(path: string, records: Records): Uint8Array {
  const sorted = [...records].sort(([a], [b]) => (a < b ? -1 : 1))
  const body = Buffer.concat(sorted.map(([key, value]) => paxRecord(key, value)))
  if (body.length > 1_048_576) {
    refuseToWrite(path, 'its name and attributes exceed 1 MiB')
  }
  const block = new Uint8Array(blockSize)
  const parent = parentPath(path)
  const name = encodeName(`${parent === '' ? '' : `${parent}/`}PaxHeaders.0/${baseName(path)}`)
  block.set(name.subarray(0, 100), 0)
  writeOctal(block, 100, 8, 0o644)
  writeOctal(block, 108, 8, 0)
  writeOctal(block, 116, 8, 0)
  writeOctal(block, 124, 12, body.length)
  writeOctal(block, 136, 12, 0)
  block[156] = 0x78
  block.set(magic, 257)
  writeChecksum(block)
  return Buffer.concat([block, body, new Uint8Array(paddingOf(body.length))])
}

/** `length key=value\n`; the length includes its own digits. */
function paxRecord(key: string, value: string | Uint8Array): Uint8Array {
  const contents = typeof value === 'string' ? encodeName(value) : value
  const rest = Buffer.concat([encodeName(` ${key}=`), contents, encodeName('\n')])
  let length = rest.length + String(rest.length).length
  if (String(length).length > String(rest.length).length) length++
  return Buffer.concat([encodeName(String(length)), rest])
}
