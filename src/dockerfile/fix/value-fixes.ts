import { splitWords } from '../instructions/words.ts'
import type { Statement } from '../statements.ts'
import type { StatementItem } from '../syntax/tree.ts'
import type { TextEdit } from './edits.ts'
import { replace } from './simple-fixes.ts'

/** Rewrites `ENV key value` as `ENV key=value`. An instruction of several lines stays as it is. */
export function withEquals({ statement }: StatementItem): TextEdit[] {
  const { rest, escape: escapeChar } = statement
  const [key = '', value] = rest.split(/\s+(.*)/s)
  if (value === undefined || !/^[\w./-]+$/.test(key) || isOnSeveralLines(statement)) return []
  const quoted = quoteLegacy(value, escapeChar)
  return quoted === undefined ? [] : [replaceRest(statement, `${key}=${quoted}`)]
}

/**
 * Returns the value of the legacy form as one word of the other form. A value with quotes or
 * escapes keeps them, and its white space outside quotes is escaped. Returns undefined for a
 * value with an open quote.
 */
function quoteLegacy(value: string, escapeChar: string): string | undefined {
  if (!/\s/.test(value)) return value
  if (!/["'\\`]/.test(value)) return `"${value}"`
  const words = splitWords(value, escapeChar)
  // An open quote protects all white space after it, so the last word would not end.
  if (splitWords(`${value} .`, escapeChar).length !== words.length + 1) return undefined
  const gaps = [...value.matchAll(/\s+/g)].filter(({ index }) =>
    isOutside(value, index, escapeChar),
  )
  let out = ''
  let at = 0
  for (const { index, 0: gap } of gaps) {
    out += value.slice(at, index) + gap.replaceAll(/\s/g, (blank) => escapeChar + blank)
    at = index + gap.length
  }
  return out + value.slice(at)
}

/** True for white space that is in no quotes and not escaped. */
function isOutside(value: string, index: number, escapeChar: string): boolean {
  return splitWords(`${value.slice(0, index)} .`, escapeChar).at(-1) === '.'
}

/** Rewrites `MAINTAINER name` as the label of the image specification. */
export function labelForMaintainer({ statement }: StatementItem): TextEdit[] {
  const { rest, written, escape: escapeChar } = statement
  if (rest === '' || isOnSeveralLines(statement)) return []
  const keyword = written === written.toLowerCase() ? 'label' : 'LABEL'
  const value = rest.replaceAll(/["$\\`]/g, (char) =>
    char === escapeChar || char === '"' || char === '$' ? escapeChar + char : char,
  )
  const text = `${keyword} org.opencontainers.image.authors="${value}"`
  return [replace(statement, { start: 0, end: statement.text.length }, text)]
}

function isOnSeveralLines({ line }: Statement): boolean {
  return line.pieces.length > 1
}

function replaceRest(statement: Statement, text: string): TextEdit {
  return replace(statement, { start: statement.restAt, end: statement.text.length }, text)
}
