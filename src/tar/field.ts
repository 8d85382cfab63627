/**
 * Reads a number field of a header block: octal digits, or base-256 when the first bit
 * is set. An empty field is 0. Returns `NaN` for anything malformed or not a safe
 * integer. Returns negative numbers too; the caller refuses them where they are invalid.
 */
export function readNumber(block: Uint8Array, start: number, length: number): number {
  const first = block[start] ?? 0
  return first >= 0x80 ? readBase256(block, start, length) : readOctal(block, start, length)
}

function readOctal(block: Uint8Array, start: number, length: number): number {
  const end = start + length
  let at = start
  while (at < end && block[at] === 0x20) at++
  // Readers disagree on digits after a NUL, so such a field is malformed.
  if (block[at] === 0) return onlyPadding(block, at, end) ? 0 : Number.NaN
  let value = 0
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 0x30
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  // A NUL ends the field. Only blanks and NULs may follow a blank.
  for (; at < end && block[at] !== 0; at++) if (block[at] !== 0x20) return Number.NaN
  return value
}

function onlyPadding(block: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (block[at] !== 0 && block[at] !== 0x20) return false
  return true
}

/** Reads two's complement, big-endian. The highest bit of the first byte does not count. */
function readBase256(block: Uint8Array, start: number, length: number): number {
  const negative = ((block[start] ?? 0) & 0x40) !== 0
  const flip = negative ? 0xff : 0
  let value = ((block[start] ?? 0) ^ flip) & 0x7f
  for (let at = start + 1; at < start + length; at++) {
    value = value * 256 + ((block[at] ?? 0) ^ flip)
    if (value > Number.MAX_SAFE_INTEGER) return Number.NaN
  }
  return negative ? -1 - value : value
}

/**
 * Reads a time field like `readNumber`. Returns 0 for a time that fits into 64 bits but is not a
 * safe integer: no file system can store it, and Docker unpacks it as 0.
 */
export function readTimeField(block: Uint8Array, start: number, length: number): number {
  const value = readNumber(block, start, length)
  if (!Number.isNaN(value) || (block[start] ?? 0) < 0x80) return value
  return fitsInt64(block.subarray(start, start + length)) ? 0 : Number.NaN
}

/** Returns true when all bytes above the last eight only repeat the sign. */
function fitsInt64(field: Uint8Array): boolean {
  const sign = ((field[0] ?? 0) & 0x40) === 0 ? 0 : 0xff
  const bytes = field.slice()
  // The highest bit only marks the format.
  bytes[0] = sign === 0 ? (bytes[0] ?? 0) & 0x7f : (bytes[0] ?? 0)
  const extra = bytes.length - 8
  const isExtended = bytes.subarray(0, Math.max(0, extra)).every((byte) => byte === sign)
  return isExtended && (extra < 0 || ((bytes[extra] ?? 0) & 0x80) === (sign & 0x80))
}

/**
 * Reads decimal digits. Returns `NaN` for anything else, and for numbers that are not safe
 * integers.
 */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return Number.NaN
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
    if (value > Number.MAX_SAFE_INTEGER) return Number.NaN
  }
  return value
}

/** A time. `seconds` is rounded down, so the nanoseconds are always 0-999,999,999. */
export interface TarTime {
  readonly seconds: number
  readonly nanoseconds: number
}

const largestInt64 = 9_223_372_036_854_775_807n

/**
 * Reads a pax time such as `-1.5`. Drops digits beyond the ninth. Returns `undefined`
 * when it is malformed, and 0 for the same times as `readTimeField`.
 */
export function readTime(bytes: Uint8Array, start: number, end: number): TarTime | undefined {
  const negative = bytes[start] === 0x2d
  const dot = bytes.subarray(start, end).indexOf(0x2e)
  const wholeEnd = dot === -1 ? end : start + dot
  const seconds = readDecimal(bytes, start + (negative ? 1 : 0), wholeEnd)
  if (Number.isNaN(seconds)) {
    const text = Buffer.from(bytes.subarray(start + (negative ? 1 : 0), wholeEnd)).toString()
    const isLarge = /^\d{1,19}$/.test(text) && BigInt(text) <= largestInt64
    return isLarge ? { seconds: 0, nanoseconds: 0 } : undefined
  }
  let nanoseconds = 0
  let unit = 100_000_000
  for (let at = wholeEnd + 1; at < end; at++) {
    const digit = (bytes[at] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return undefined
    nanoseconds += digit * unit
    unit = Math.trunc(unit / 10)
  }
  if (!negative) return { seconds, nanoseconds }
  if (nanoseconds === 0) return { seconds: 0 - seconds, nanoseconds }
  return { seconds: -1 - seconds, nanoseconds: 1_000_000_000 - nanoseconds }
}

/** Index of the first NUL in a field, or the field's end. */
export function textEnd(block: Uint8Array, start: number, length: number): number {
  const end = start + length
  let at = start
  while (at < end && block[at] !== 0) at++
  return at
}

export const blockSize = 512

/** Returns the padding in bytes after `size` bytes of contents. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize
}
