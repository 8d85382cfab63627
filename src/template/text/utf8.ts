/**
 * The text of a template is a Go string: a sequence of bytes, usually UTF-8. Here such a
 * text is a JavaScript string in which every character is one byte (0 to 255), because
 * lengths, positions and slices of templates count bytes.
 */
export type ByteText = string

const ascii = /^[\u0000-\u007f]*$/

/** Returns the UTF-8 bytes of a text. A lone surrogate becomes U+FFFD. */
export function toBytes(text: string): ByteText {
  if (ascii.test(text)) return text
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return bytes
}

/** Decodes UTF-8. Every byte that is no part of a valid sequence becomes U+FFFD. */
export function fromBytes(bytes: ByteText): string {
  if (ascii.test(bytes)) return bytes
  let text = ''
  for (const { code } of runesOf(bytes)) text += String.fromCodePoint(code)
  return text
}

/** A code point, and how many bytes encode it. */
export interface Rune {
  readonly code: number
  /** 1 to 4 bytes; 0 at the end of the text. */
  readonly size: number
  /** False for a byte that is no part of a valid sequence; `code` is U+FFFD then. */
  readonly isValid: boolean
}

export const replacement = 0xfffd
const end: Rune = { code: -1, size: 0, isValid: false }
const broken: Rune = { code: replacement, size: 1, isValid: false }

/** The smallest code point that needs 2, 3 and 4 bytes. */
const smallest = [0, 0, 0x80, 0x800, 0x10000] as const

/** Decodes the code point at a byte position. */
export function runeAt(bytes: ByteText, at: number): Rune {
  if (at >= bytes.length) return end
  const first = bytes.charCodeAt(at)
  if (first < 0x80) return { code: first, size: 1, isValid: true }
  const size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4 || at + size > bytes.length) return broken
  let code = first & (0xff >> (size + 1))
  for (let index = at + 1; index < at + size; index++) {
    const next = bytes.charCodeAt(index)
    if ((next & 0xc0) !== 0x80) return broken
    code = (code << 6) | (next & 0x3f)
  }
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  if (isSurrogate || code > 0x10ffff || code < (smallest[size] ?? 0)) return broken
  return { code, size, isValid: true }
}

/** Decodes all code points of a text. */
export function* runesOf(bytes: ByteText): Generator<Rune> {
  for (let at = 0; at < bytes.length; ) {
    const rune = runeAt(bytes, at)
    yield rune
    at += rune.size
  }
}

export function countRunes(bytes: ByteText): number {
  if (ascii.test(bytes)) return bytes.length
  let count = 0
  for (const _ of runesOf(bytes)) count++
  return count
}

/** Encodes a code point. A number that is no code point, or a surrogate, becomes U+FFFD. */
export function encodeRune(code: number): ByteText {
  const isSurrogate = code >= 0xd800 && code <= 0xdfff
  if (code < 0 || code > 0x10ffff || isSurrogate) return encodeRune(replacement)
  return code < 0x80 ? String.fromCharCode(code) : toBytes(String.fromCodePoint(code))
}
