import type { Heredoc } from './ast.ts'
import { type LineReader, trimEol } from './lines.ts'
import { Problem } from './problem.ts'

/** A `<<EOF` in an instruction. Its body is not yet read. */
export interface HeredocMarker {
  readonly name: string
  readonly expand: boolean
  readonly chomp: boolean
  readonly fd: number
  /** Its range in the text, from the descriptor to the end of the delimiter. */
  readonly start: number
  readonly end: number
}

const space = /\s/

/**
 * Finds the heredocs of a shell-form RUN, COPY or ADD: words of the form
 * `[n]<<[-]NAME`. The name may be quoted, and blanks may precede it. Text inside
 * quotes, `${…}` and `$((…))` is skipped, and so is `<<<`. A line with an open quote
 * has no heredocs.
 */
export function findHeredocs(text: string): HeredocMarker[] {
  const markers: HeredocMarker[] = []
  const closers = { brace: text.lastIndexOf('}'), arithmetic: text.lastIndexOf('))') }
  let atWordStart = true
  for (let at = 0; at < text.length; ) {
    const char = text[at] ?? ''
    if (space.test(char)) {
      atWordStart = true
      at++
      continue
    }
    const marker = atWordStart ? readMarker(text, at) : undefined
    atWordStart = false
    if (marker !== undefined) {
      markers.push(marker)
      at = marker.end
      continue
    }
    const end = skip(text, at, closers)
    if (end < 0) {
      return []
    }
    at = end
  }
  return markers
}

/** The positions of the last `}` and `))`. No search starts after them, so searches are fast. */
interface Closers {
  readonly brace: number
  readonly arithmetic: number
}

/**
 * Returns the index after the character, quoted part or substitution at `at`, or -1 when
 * it does not end.
 */
function skip(text: string, at: number, closers: Closers): number {
  const char = text[at]
  if (char === '\\') {
    return at + 2
  }
  if (char === "'" || char === '"') {
    const end = closingQuote(text, at)
    return end < 0 ? -1 : end + 1
  }
  if (at < closers.arithmetic && text.startsWith('$((', at)) {
    return text.indexOf('))', at) + 2
  }
  if (at < closers.brace && text.startsWith('${', at)) {
    return text.indexOf('}', at) + 1
  }
  return at + 1
}

/** Returns the index of the quote that closes the quote at `at`, or -1. */
function closingQuote(text: string, at: number): number {
  const quote = text[at]
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === quote) {
      return end
    }
    if (quote === '"' && text[end] === '\\') {
      end++
    }
  }
  return -1
}

function readMarker(text: string, start: number): HeredocMarker | undefined {
  const opening = /\d{0,9}<<(?!<)-?/y
  opening.lastIndex = start
  const head = opening.exec(text)?.[0]
  if (head === undefined) {
    return undefined
  }
  let at = start + head.length
  while (text[at] === ' ' || text[at] === '\t') {
    at++
  }
  const delimiter = readDelimiter(text, at)
  if (delimiter === undefined || delimiter.name === '') {
    return undefined
  }
  return {
    name: delimiter.name,
    expand: !delimiter.quoted,
    chomp: head.endsWith('-'),
    fd: Number.parseInt(head, 10) || 0,
    start,
    end: delimiter.end,
  }
}

/** Reads the delimiter and removes quotes and escapes. It ends like a shell word. */
function readDelimiter(
  text: string,
  start: number,
): { name: string; quoted: boolean; end: number } | undefined {
  let name = ''
  let quoted = false
  let at = start
  for (; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '<') {
      return undefined
    }
    if (space.test(char) || ';|&>)'.includes(char)) {
      break
    }
    if (char === '\\') {
      at++
      name += text[at] ?? ''
    } else if (char === "'" || char === '"') {
      const end = closingQuote(text, at)
      if (end < 0) {
        return undefined
      }
      quoted = true
      name += text.slice(at + 1, end)
      at = end
    } else {
      name += char
    }
  }
  return { name, quoted, end: at }
}

/** Reads the body from the next lines. Throws a Problem when the delimiter is absent. */
export function readHeredoc(marker: HeredocMarker, reader: LineReader): Heredoc {
  const { name, expand, chomp, fd } = marker
  const start = { line: reader.line + 1, column: 0 }
  const lines: string[] = []
  for (let raw = reader.nextRaw(); raw !== undefined; raw = reader.nextRaw()) {
    const line = chomp ? raw.replace(/^\t+/, '') : raw
    if (trimEol(line) === name) {
      const end = { line: reader.line, column: trimEol(raw).length }
      return { name, expand, chomp, fd, content: lines.join(''), range: { start, end } }
    }
    lines.push(line)
  }
  throw new Problem('unterminated-heredoc', `unterminated heredoc: no line is just ${name}`)
}
