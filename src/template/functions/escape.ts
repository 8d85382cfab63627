import { isPrintable } from '../text/runes.ts'
import { type ByteText, runesOf } from '../text/utf8.ts'

const entities: Readonly<Record<string, string>> = {
  '\u0000': '\u00ef\u00bf\u00bd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}

export function escapeHtml(text: ByteText): ByteText {
  return text.replaceAll(/[\u0000"'&<>]/g, (character) => entities[character] ?? character)
}

/** Escapes for a string literal of JavaScript. */
export function escapeJs(text: ByteText): ByteText {
  let escaped = ''
  let at = 0
  for (const { code, size } of runesOf(text)) {
    const bytes = text.slice(at, at + size)
    at += size
    if (code === 0x5c || code === 0x27 || code === 0x22) escaped += `\\${bytes}`
    else if ('<>&='.includes(bytes) || code < 0x20) escaped += `\\u${hex(code)}`
    else escaped += code < 0x80 || isPrintable(code) ? bytes : `\\u${hex(code)}`
  }
  return escaped
}

function hex(code: number): string {
  return code.toString(16).toUpperCase().padStart(4, '0')
}

/** Escapes for the query of a URL: a space is `+`. */
export function escapeQuery(text: ByteText): ByteText {
  return text.replaceAll(/[^A-Za-z0-9_.~-]/g, (byte) =>
    byte === ' ' ? '+' : `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
