import type { Range } from '../ast.ts'
import type { ComposedFile, Origin } from './compose.ts'

/** Returns the file and the range in it that a range of a composed Dockerfile comes from. */
export function locate(
  whole: ComposedFile,
  origins: readonly Origin[] | undefined,
  range: Range,
): ComposedFile & { readonly range: Range } {
  const start = origins?.[range.start.line - 1]
  const { name, text } = whole
  if (start === undefined) return { name, text, range }
  const end = origins?.[range.end.line - 1]
  const last = end?.file === start.file ? end.line : start.line
  return {
    ...start.file,
    range: {
      start: { line: start.line, column: range.start.column },
      end: { line: last, column: range.end.column },
    },
  }
}
