import { blockSize, readNumber, readTimeField, textEnd } from './field.ts'
import { decodeName } from './name.ts'

/** Throws an error with `reason`, the current entry and its offset. */
export type Refuse = (reason: string) => never

/** One header block, without its extended headers. */
export interface HeaderBlock {
  /** The typeflag byte; 0 for NUL. */
  readonly flag: number
  readonly path: string
  readonly linkpath: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly size: number
  readonly mtime: number
  readonly deviceMajor: number
  readonly deviceMinor: number
}

const position = { name: 0, mode: 100, uid: 108, gid: 116, size: 124, mtime: 136, checksum: 148 }
/** Position of the typeflag in a block. */
export const flagAt = 156
const [linkAt, magicAt, majorAt, minorAt, prefixAt] = [157, 257, 329, 337, 345]
const [linkLength, prefixLength] = [100, 155]
const gnuTimes = [prefixAt, prefixAt + 12]

/**
 * Reads one header block (POSIX.1-2017 pax, "ustar Interchange Format"; GNU and Unix v7
 * variants). It checks every field, because an attacker can use a field that two
 * readers understand differently.
 */
export function parseHeader(block: Uint8Array, refuse: Refuse): HeaderBlock {
  checkSum(block, refuse)
  const magic = magicOf(block)
  const flag = block[flagAt] ?? 0
  let path = decodeName(block, 0, textEnd(block, 0, linkLength))
  if (magic === 'ustar' && block[prefixAt] !== 0) {
    const prefix = decodeName(block, prefixAt, textEnd(block, prefixAt, prefixLength))
    path = path === '' ? prefix : `${prefix}/${path}`
  }
  // Go before 1.8 wrote a prefix in the place of GNU's times. Docker reads it as a prefix when it
  // is not a time.
  if (magic === 'gnu' && !hasGnuTimes(block)) {
    const end = textEnd(block, prefixAt, prefixLength)
    if (isAscii(block, prefixAt, end)) path = `${decodeName(block, prefixAt, end)}/${path}`
  }
  const device = magic !== 'v7' && (flag === 0x33 || flag === 0x34)
  return {
    flag,
    path,
    linkpath:
      block[linkAt] === 0 ? '' : decodeName(block, linkAt, textEnd(block, linkAt, linkLength)),
    mode: natural(block, position.mode, 8, 'mode', refuse) & 0o7777,
    uid: natural(block, position.uid, 8, 'uid', refuse),
    gid: natural(block, position.gid, 8, 'gid', refuse),
    size: natural(block, position.size, 12, 'size', refuse),
    mtime: timeOf(block, refuse),
    deviceMajor: device ? natural(block, majorAt, 8, 'devmajor', refuse) : 0,
    deviceMinor: device ? natural(block, minorAt, 8, 'devminor', refuse) : 0,
  }
}

function magicOf(block: Uint8Array): 'ustar' | 'gnu' | 'v7' {
  const [u, s, t, a, r] = [0x75, 0x73, 0x74, 0x61, 0x72]
  const ustar =
    block[magicAt] === u &&
    block[magicAt + 1] === s &&
    block[magicAt + 2] === t &&
    block[magicAt + 3] === a &&
    block[magicAt + 4] === r
  if (!ustar) return 'v7'
  // GNU uses the bytes of the prefix for times and sparse maps.
  if (block[magicAt + 5] === 0) return 'ustar'
  return block[magicAt + 5] === 0x20 ? 'gnu' : 'v7'
}

function hasGnuTimes(block: Uint8Array): boolean {
  return gnuTimes.every((at) => block[at] === 0 || !Number.isNaN(readTimeField(block, at, 12)))
}

function isAscii(block: Uint8Array, start: number, end: number): boolean {
  return block.subarray(start, end).every((byte) => byte < 0x80)
}

function timeOf(block: Uint8Array, refuse: Refuse): number {
  const value = readTimeField(block, position.mtime, 12)
  return Number.isNaN(value) ? refuse('its mtime field is not a number') : value
}

function integer(
  block: Uint8Array,
  start: number,
  length: number,
  field: string,
  refuse: Refuse,
): number {
  const value = readNumber(block, start, length)
  return Number.isNaN(value) ? refuse(`its ${field} field is not a number`) : value
}

function natural(
  block: Uint8Array,
  start: number,
  length: number,
  field: string,
  refuse: Refuse,
): number {
  const value = integer(block, start, length, field, refuse)
  return value < 0 ? refuse(`its ${field} is negative`) : value
}

const copy = new Uint8Array(blockSize)
const words = new Uint32Array(copy.buffer)

/** Returns the sum of all bytes, with blanks for the checksum field. Old writers summed signed bytes. */
function checkSum(block: Uint8Array, refuse: Refuse): void {
  const expected = readNumber(block, position.checksum, 8)
  copy.set(block)
  copy.fill(0x20, position.checksum, position.checksum + 8)
  // It sums four bytes at a time. The even and the odd bytes go to separate halves of a word.
  let halves = 0
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? 0
    halves += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff)
  }
  if ((halves & 0xffff) + (halves >>> 16) === expected) return
  const signed = copy.reduce((sum, byte) => sum + ((byte << 24) >> 24), 0)
  if (signed !== expected) refuse('its header has a wrong checksum')
}

export function isZeroBlock(block: Uint8Array): boolean {
  for (let i = 0; i < block.length; i++) if (block[i] !== 0) return false
  return true
}
