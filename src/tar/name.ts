/**
 * File names are bytes; strake stores them as strings without loss. Valid UTF-8 becomes the same
 * text. Every other byte (0x80-0xff) becomes one lone surrogate U+DC80-U+DCFF, which valid text
 * cannot contain, so `encodeName` returns exactly the bytes that `decodeName` was called with.
 */
export function decodeName(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  for (let i = start; i < end; i++) {
    if ((bytes[i] ?? 0) >= 0x80) return decodeUtf8(bytes, start, end)
  }
  return asBuffer(bytes).toString('latin1', start, end)
}

/** Returns the bytes of a name that `decodeName` made, or the UTF-8 of any other text. */
export function encodeName(name: string): Uint8Array {
  if (name.isWellFormed()) return Buffer.from(name, 'utf8')
  const out: number[] = []
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) out.push(code - 0xdc00)
    else out.push(...Buffer.from(character, 'utf8'))
  }
  return Uint8Array.from(out)
}

/** Compares names by their bytes. The order of UTF-16 units differs beyond U+D7FF. */
export function compareNames(left: string, right: string): number {
  if (isAscii.test(left) && isAscii.test(right)) return left < right ? -1 : left > right ? 1 : 0
  return Buffer.compare(encodeName(left), encodeName(right))
}

/**
 * Returns a name for a message. A name with anything but printable text is quoted, and
 * its controls, bidirectional marks and raw bytes are escaped, so that it cannot
 * control a terminal or look like another name.
 */
export function printableName(name: string): string {
  const shown = name.length > 300 ? `${name.slice(0, 300)}…` : name
  if (plain.test(shown)) return shown
  let out = ''
  for (const character of shown) {
    const code = character.codePointAt(0) ?? 0
    if (code >= 0xdc80 && code <= 0xdcff) out += `\\x${(code - 0xdc00).toString(16)}`
    else if (hidden.test(character)) out += `\\u{${code.toString(16)}}`
    else if (character === '"' || character === '\\') out += `\\${character}`
    else out += character
  }
  return `"${out}"`
}

const isAscii = /^[\0-\x7f]*$/
const plain = /^[\w./+@:,=~%-]+$/
const hidden = /[\p{C}\p{Zl}\p{Zp}]/u

function asBuffer(bytes: Uint8Array): Buffer {
  return bytes instanceof Buffer
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decoder.decode(bytes.subarray(start, end))
  } catch {
    let out = ''
    for (let i = start; i < end; ) {
      const length = sequenceLength(bytes, i, end)
      if (length === 0) out += String.fromCharCode(0xdc00 + (bytes[i] ?? 0))
      else out += decoder.decode(bytes.subarray(i, i + length))
      i += length || 1
    }
    return out
  }
}

/** Length of the well-formed UTF-8 sequence at `at`, or 0 (Unicode 16, table 3-7). */
function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] ?? 0
  if (first < 0x80) return 1
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4 || at + length > end) return 0
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  const second = bytes[at + 1] ?? 0
  if (second < low || second > high) return 0
  for (let i = at + 2; i < at + length; i++) {
    if (((bytes[i] ?? 0) & 0xc0) !== 0x80) return 0
  }
  return length
}
