import type { Position, Range } from './ast.ts'

/** An instruction's text with its continuations joined and the comments inside it left out. */
export interface LogicalLine {
  /** Without the white space around it; continuation lines keep their indentation. */
  readonly text: string
  readonly range: Range
  /** The comment lines directly above, without `#` and the white space around them. */
  readonly comments: readonly string[]
  /** The first empty line among the continuations. */
  readonly emptyContinuation?: Range
}

/** More comment lines than this above one instruction are not kept. */
const maxComments = 1000

/** Reads a Dockerfile line by line: logical lines, and the raw lines of heredoc bodies between them. */
export class LineReader {
  readonly #text: string
  readonly #escape: string
  #at = 0
  #line = 0

  constructor(text: string, escapeChar: string) {
    this.#text = text
    this.#escape = escapeChar
  }

  /** The next instruction; undefined at the end of the file. */
  next(): LogicalLine | undefined {
    let comments: string[] = []
    for (let raw = this.nextRaw(); raw !== undefined; raw = this.nextRaw()) {
      const line = trimEol(raw)
      const body = line.trimStart()
      if (body.startsWith('#')) {
        if (comments.length < maxComments) {
          comments.push(body.slice(1).trim())
        }
      } else if (body === '') {
        comments = []
      } else {
        const start = { line: this.#line, column: line.length - body.length }
        return this.#join(body, start, comments)
      }
    }
    return undefined
  }

  /** The next physical line with its line break; undefined at the end of the file. */
  nextRaw(): string | undefined {
    if (this.#at >= this.#text.length) {
      return undefined
    }
    const found = this.#text.indexOf('\n', this.#at)
    const end = found < 0 ? this.#text.length : found + 1
    const raw = this.#text.slice(this.#at, end)
    this.#at = end
    this.#line++
    return raw
  }

  /** The number of the line read last, one-based. */
  get line(): number {
    return this.#line
  }

  /** The end of the line read last. */
  get end(): Position {
    const start = this.#text.lastIndexOf('\n', this.#at - 2) + 1
    return { line: this.#line, column: trimEol(this.#text.slice(start, this.#at)).length }
  }

  #join(first: string, start: Position, comments: readonly string[]): LogicalLine {
    let end = { line: this.#line, column: start.column + first.length }
    let emptyContinuation: Range | undefined
    let current = first
    const parts: string[] = []
    while (true) {
      const cut = continuationAt(current, this.#escape)
      parts.push(cut < 0 ? current : current.slice(0, cut))
      if (cut < 0) {
        break
      }
      const next = this.#continuation((line) => {
        const position = { line, column: 0 }
        emptyContinuation ??= { start: position, end: position }
      })
      if (next === undefined) {
        break
      }
      current = next
      end = { line: this.#line, column: next.length }
    }
    const text = parts.join('').trimEnd()
    return {
      text,
      range: { start, end },
      comments,
      ...(emptyContinuation === undefined ? {} : { emptyContinuation }),
    }
  }

  /** The next line that continues an instruction; comments and empty lines are passed over. */
  #continuation(onEmpty: (line: number) => void): string | undefined {
    for (let raw = this.nextRaw(); raw !== undefined; raw = this.nextRaw()) {
      const line = trimEol(raw)
      const body = line.trimStart()
      if (body === '') {
        onEmpty(this.#line)
      } else if (!body.startsWith('#')) {
        return line
      }
    }
    return undefined
  }
}

/** `line` without its line break. */
export function trimEol(line: string): string {
  let end = line.length
  while (end > 0 && (line[end - 1] === '\n' || line[end - 1] === '\r')) {
    end--
  }
  return line.slice(0, end)
}

/**
 * Where the escape character that continues the line stands, or -1. Blanks may
 * follow it; another escape character before it makes it an escaped one.
 */
function continuationAt(line: string, escapeChar: string): number {
  let end = line.length
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) {
    end--
  }
  const last = end - 1
  return line[last] === escapeChar && line[last - 1] !== escapeChar ? last : -1
}
