import { quote } from '../text/quote.ts'
import { type ByteText, runeAt } from '../text/utf8.ts'

export type TokenKind =
  | 'error'
  | 'bool'
  | 'char'
  | 'character'
  | 'complex'
  | 'assign'
  | 'declare'
  | 'end of text'
  | 'field'
  | 'identifier'
  | 'left delimiter'
  | 'left parenthesis'
  | 'number'
  | 'pipe'
  | 'raw string'
  | 'right delimiter'
  | 'right parenthesis'
  | 'space'
  | 'string'
  | 'text'
  | 'variable'
  | Keyword

export type Keyword =
  | 'block'
  | 'break'
  | 'continue'
  | 'dot'
  | 'define'
  | 'else'
  | 'end'
  | 'if'
  | 'range'
  | 'nil'
  | 'template'
  | 'with'

export interface Token {
  readonly kind: TokenKind
  /** The position of its first byte. */
  readonly at: number
  /** The written text; for an error, the message. */
  readonly text: ByteText
  /** The line of its first byte, from 1. */
  readonly line: number
}

const keywords: ReadonlySet<string> = new Set<Keyword>([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'nil',
  'template',
  'with',
])

export function isKeyword(text: string): text is Keyword {
  return keywords.has(text)
}

/** Formats a token as errors show it. */
export function formatToken({ kind, text }: Token): ByteText {
  if (kind === 'end of text') return 'EOF'
  if (kind === 'error') return text
  if (kind === 'dot' || isKeyword(kind)) return `<${text}>`
  return text.length > 10 ? `${quote(cut(text))}...` : quote(text)
}

function cut(text: ByteText): ByteText {
  let at = 0
  for (let count = 0; count < 10; count++) at += runeAt(text, at).size
  return text.slice(0, at)
}
