import { type ByteText, encodeRune, runeAt } from './utf8.ts'

/** One character of a literal. */
export interface LiteralCharacter {
  /** A code point, or the value of a byte for `\x41` and `\101`. */
  readonly code: number
  readonly isByte: boolean
  /** The position after it. */
  readonly next: number
}

/** Reads a string literal with its quotes. Returns `undefined` for bad syntax. */
export function unquote(literal: ByteText): ByteText | undefined {
  const delimiter = literal[0]
  const body = literal.slice(1, -1)
  if (delimiter === '`') return body.replaceAll('\r', '')
  let text = ''
  for (let at = 0; at < body.length; ) {
    const character = readCharacter(body, at, '"')
    if (character === undefined) return undefined
    text += character.isByte ? String.fromCharCode(character.code) : encodeRune(character.code)
    at = character.next
  }
  return text
}

const simple: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
}

const lengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/** Reads one character, or one escape sequence, of a literal. Returns `undefined` for bad syntax. */
export function readCharacter(
  text: ByteText,
  at: number,
  delimiter: string,
): LiteralCharacter | undefined {
  const rune = runeAt(text, at)
  if (rune.size === 0 || text[at] === delimiter || text[at] === '\n') return undefined
  if (text[at] !== '\\') {
    const isByte = !rune.isValid && delimiter === '"'
    const code = isByte ? text.charCodeAt(at) : rune.code
    return { code, isByte, next: at + rune.size }
  }
  const letter = text[at + 1] ?? ''
  const known = letter === delimiter ? delimiter.charCodeAt(0) : simple[letter]
  if (known !== undefined) return { code: known, isByte: false, next: at + 2 }
  return readNumber(text, at + 1)
}

/** Reads `x41`, `u00e9`, `U0001f600` or `101`. */
function readNumber(text: ByteText, at: number): LiteralCharacter | undefined {
  const length = lengths[text[at] ?? '']
  if (length !== undefined) {
    const digits = text.slice(at + 1, at + 1 + length)
    if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits)) return undefined
    const code = Number.parseInt(digits, 16)
    const isByte = length === 2
    if (!isByte && (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))) return undefined
    return { code, isByte, next: at + 1 + length }
  }
  const digits = text.slice(at, at + 3)
  if (!/^[0-7]{3}$/.test(digits)) return undefined
  const code = Number.parseInt(digits, 8)
  return code > 255 ? undefined : { code, isByte: true, next: at + 3 }
}
