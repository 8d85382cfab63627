import { isPrintable } from './runes.ts'
import { type ByteText, encodeRune, type Rune, runesOf } from './utf8.ts'

const letters: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  92: '\\\\',
}

export interface QuoteOptions {
  /** Escapes every character that is not ASCII. */
  readonly ascii?: boolean | undefined
}

/** Formats a text as a string literal of Go: `"a\n"`. */
export function quote(text: ByteText, options: QuoteOptions = {}): ByteText {
  let quoted = '"'
  let at = 0
  for (const rune of runesOf(text)) {
    quoted += rune.isValid ? escapeRune(rune, '"', options) : `\\x${hex(text.charCodeAt(at), 2)}`
    at += rune.size
  }
  return `${quoted}"`
}

/** Formats a code point as a character literal of Go: `'a'`. */
export function quoteRune(code: number, options: QuoteOptions = {}): ByteText {
  const shown = code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || code < 0 ? 0xfffd : code
  return `'${escapeRune({ code: shown }, "'", options)}'`
}

function escapeRune(
  { code }: Pick<Rune, 'code'>,
  delimiter: string,
  { ascii = false }: QuoteOptions,
): ByteText {
  if (code === delimiter.charCodeAt(0)) return `\\${delimiter}`
  const short = letters[code]
  if (short !== undefined) return short
  if (isPrintable(code) && (code < 0x80 || !ascii)) return encodeRune(code)
  if (code < 0x20 || code === 0x7f) return `\\x${hex(code, 2)}`
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

/** Reports whether a text can stand between back quotes: one line without control characters. */
export function canBackquote(text: ByteText): boolean {
  for (const { code, isValid } of runesOf(text)) {
    if (!isValid || code === 0xfeff || code === 0x60 || code === 0x7f) return false
    if (code < 0x20 && code !== 9) return false
  }
  return true
}
