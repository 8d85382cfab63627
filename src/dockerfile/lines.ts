import type { Position, Range } from './ast.ts'

/** The part of a logical line that is on one line of the file. */
export interface Piece {
  /** The index of its first character in the text of the logical line. */
  readonly at: number
  /** The position of that character in the file. */
  readonly start: Position
}

/** The text of an instruction with its continuations joined, without the comments inside. */
export interface LogicalLine {
  /** Without white space at both ends. Continuation lines keep their indentation. */
  readonly text: string
  readonly pieces: readonly Piece[]
  readonly range: Range
  /** The comment lines directly above, without `#` and white space at both ends. */
  readonly comments: readonly string[]
  /** The first empty line among the continuations. */
  readonly emptyContinuation?: Range | undefined
}

/** The most comment lines above one instruction that are kept. */
const maxComments = 1000

/**
 * Reads a Dockerfile line by line: logical lines, and the raw lines of heredoc bodies
 * between them.
 */
export class LineReader {
  readonly #text: string
  readonly #escape: string
  #at = 0
  #line = 0

  constructor(text: string, escapeChar: string) {
    this.#text = text
    this.#escape = escapeChar
  }

  /** Returns the next instruction, or undefined at the end of the file. */
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

  /** Returns the next physical line with its line break, or undefined at the end of the file. */
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

  /** The number of the last line that was read, one-based. */
  get line(): number {
    return this.#line
  }

  /** The end of the last line that was read. */
  get end(): Position {
    const start = this.#text.lastIndexOf('\n', this.#at - 2) + 1
    return { line: this.#line, column: trimEol(this.#text.slice(start, this.#at)).length }
  }

  #join(first: string, start: Position, comments: readonly string[]): LogicalLine {
    let end = { line: this.#line, column: start.column + first.length }
    let emptyContinuation: Range | undefined
    let current = first
    let joined = ''
    const pieces = [{ at: 0, start }]
    while (true) {
      const cut = continuationAt(current, this.#escape)
      joined += cut < 0 ? current : current.slice(0, cut)
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
      pieces.push({ at: joined.length, start: { line: this.#line, column: 0 } })
    }
    return {
      text: joined.trimEnd(),
      pieces,
      range: { start, end },
      comments,
      emptyContinuation,
    }
  }

  /** Returns the next line that continues an instruction. It skips comments and empty lines. */
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

/** Returns the place in the file of the character at `index` of the text of a logical line. */
export function positionIn(pieces: readonly Piece[], index: number): Position {
  const piece = pieces.findLast(({ at }) => at <= index) ?? pieces[0]
  if (piece === undefined) return { line: 1, column: index }
  const { at, start } = piece
  return { line: start.line, column: start.column + index - at }
}

/** Returns the range in the file of a part of the text of a logical line. */
export function rangeIn(pieces: readonly Piece[], start: number, end: number): Range {
  // The end of a part is on the line of its last character.
  const last = positionIn(pieces, Math.max(start, end - 1))
  const column = last.column + (end > start ? 1 : 0)
  return { start: positionIn(pieces, start), end: { line: last.line, column } }
}

/** Returns `line` without its line break. */
export function trimEol(line: string): string {
  let end = line.length
  while (end > 0 && (line[end - 1] === '\n' || line[end - 1] === '\r')) {
    end--
  }
  return line.slice(0, end)
}

/**
 * Returns the index of the escape character that continues the line, or -1. Blanks
 * may follow it. After another escape character it is an escaped one.
 */
function continuationAt(line: string, escapeChar: string): number {
  let end = line.length
  while (end > 0 && (line[end - 1] === ' ' || line[end - 1] === '\t')) {
    end--
  }
  const last = end - 1
  return line[last] === escapeChar && line[last - 1] !== escapeChar ? last : -1
}
