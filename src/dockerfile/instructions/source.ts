import type { Heredoc, Node, Range } from '../ast.ts'
import type { HeredocMarker } from '../heredoc.ts'
import { Problem } from '../problem.ts'

/** The parts that all instructions have. */
export interface Source {
  /** Upper-cased. */
  readonly keyword: string
  /** The keyword as written. */
  readonly written: string
  readonly text: string
  readonly range: Range
  /** The `--name[=value]` words before the arguments, quotes and escapes removed. */
  readonly flags: readonly string[]
  /** The text after the flags. */
  readonly rest: string
  readonly heredocs: readonly Heredoc[]
  /** The ranges of the heredocs in `rest`, in the same order. */
  readonly markers: readonly HeredocMarker[]
  readonly comments: readonly string[]
  readonly escape: '\\' | '`'
}

export interface Head extends Pick<Source, 'keyword' | 'written' | 'flags' | 'rest'> {
  /** The ranges of the flags in the text, in the same order. */
  readonly flagSpans: readonly Span[]
  /** The index of `rest` in the text. */
  readonly restAt: number
}

/** A part of a text. `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Splits an instruction into its keyword, its flags and the rest. */
export function splitHead(text: string): Head {
  const keywordEnd = text.search(/[\s\v\f]/)
  const written = keywordEnd < 0 ? text : text.slice(0, keywordEnd)
  const after = keywordEnd < 0 ? '' : text.slice(keywordEnd)
  const flags: string[] = []
  const flagSpans: Span[] = []
  let at = skipSpace(after, 0)
  while (after.startsWith('--', at)) {
    const word = readFlag(after, at)
    const start = at + written.length
    at = skipSpace(after, word.end)
    if (word.text === '--') {
      break
    }
    flags.push(word.text)
    flagSpans.push({ start, end: word.end + written.length })
  }
  return {
    keyword: written.toUpperCase(),
    written,
    flags,
    flagSpans,
    rest: after.slice(at).trim(),
    restAt: at + written.length,
  }
}

function skipSpace(text: string, start: number): number {
  let at = start
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return at
}

/** Most characters are letters, for which the pattern would be slow. */
function isSpace(code: number): boolean {
  return code <= 32 || code > 127 ? /\s/.test(String.fromCharCode(code)) : false
}

/** Reads the word of a flag. Quotes and backslashes protect white space and are removed. */
function readFlag(text: string, start: number): { text: string; end: number } {
  special.lastIndex = start
  const first = special.exec(text)
  const plainEnd = first?.index ?? text.length
  const mark = first?.[0] ?? ' '
  const isPlain = mark !== '\\' && mark !== '"' && mark !== "'"
  return isPlain
    ? { text: text.slice(start, plainEnd), end: plainEnd }
    : readQuotedFlag(text, start)
}

const special = /[\s"'\\]/g

function readQuotedFlag(text: string, start: number): { text: string; end: number } {
  let out = ''
  let quote = ''
  let at = start
  for (; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '\\') {
      at++
      out += text[at] ?? ''
    } else if (quote !== '') {
      if (char === quote) {
        quote = ''
      } else {
        out += char
      }
    } else if (char === '"' || char === "'") {
      quote = char
    } else if (/\s/.test(char)) {
      break
    } else {
      out += char
    }
  }
  return { text: out, end: at }
}

/** Returns the fields that every node has. */
export function nodeOf<Kind extends string>(source: Source, kind: Kind): Node<Kind> {
  return { kind, range: source.range, text: source.text }
}

export function requireArguments(source: Source): void {
  if (source.rest === '') {
    throw new Problem('missing-argument', `${source.keyword} requires at least one argument`)
  }
}

/** Returns the whole rest as one argument. Throws a Problem when it is empty. */
export function oneArgument(source: Source): string {
  if (source.rest === '') {
    throw new Problem('missing-argument', `${source.keyword} requires exactly one argument`)
  }
  return source.rest
}
