import type { Position, Range } from '../ast.ts'

/** Replaces the characters of a range. An empty range inserts. */
export interface TextEdit {
  readonly range: Range
  readonly text: string
}

/**
 * Returns the text with the edits made. Edits that overlap an earlier one are left out. A byte
 * order mark is not part of the first line.
 */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const mark = text.startsWith('\ufeff') ? '\ufeff' : ''
  const body = text.slice(mark.length)
  const starts = lineStarts(body)
  const placed = edits.map(({ range, text: inserted }) => ({
    start: indexOf(starts, body, range.start),
    end: indexOf(starts, body, range.end),
    inserted,
  }))
  placed.sort((a, b) => a.start - b.start || a.end - b.end)
  let out = mark
  let at = 0
  for (const { start, end, inserted } of placed) {
    if (start < at) continue
    out += body.slice(at, start) + inserted
    at = end
  }
  return out + body.slice(at)
}

/** Returns the index of the first character of every line. */
export function lineStarts(text: string): number[] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Positions after the end of a line mean its end, and lines after the last the end of the text. */
export function indexOf(starts: readonly number[], text: string, position: Position): number {
  const start = starts[position.line - 1]
  if (start === undefined) return text.length
  const next = starts[position.line]
  return Math.min(start + position.column, next === undefined ? text.length : next - 1)
}
