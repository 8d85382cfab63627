import type { Position, Range } from '../ast.ts'
import type { TextEdit } from '../fix/edits.ts'
import type { Analysis } from '../scope/analysis.ts'
import { findOccurrences, type Occurrence } from './occurrences.ts'

/** Returns the stage or variable at a place. */
export function occurrenceAt(analysis: Analysis, position: Position): Occurrence | undefined {
  return findOccurrences(analysis).find(({ range }) => contains(range, position))
}

/** Returns the places where the name at a place is defined. */
export function definitionsAt(analysis: Analysis, position: Position): Range[] {
  return sameSymbol(analysis, position)
    .filter(({ role }) => role === 'definition')
    .map(({ range }) => range)
}

/** Returns all places of the stage or variable at a place. */
export function referencesAt(
  analysis: Analysis,
  position: Position,
  { withDefinitions }: { readonly withDefinitions: boolean },
): Range[] {
  return sameSymbol(analysis, position)
    .filter(({ role }) => withDefinitions || role === 'reference')
    .map(({ range }) => range)
}

/**
 * Returns the edits that rename the stage or variable at a place, undefined where there is none.
 * Throws `RangeError` for a name that cannot be used.
 */
export function renameAt(
  analysis: Analysis,
  position: Position,
  name: string,
): TextEdit[] | undefined {
  const found = sameSymbol(analysis, position)
  const [first] = found
  if (first === undefined) return undefined
  const pattern = first.kind === 'stage' ? /^[a-z][a-z0-9._-]*$/ : /^[A-Za-z_]\w*$/
  if (!pattern.test(name)) {
    const what =
      first.kind === 'stage' ? 'a stage: lowercase letters, digits and ._-' : 'a variable'
    throw new RangeError(`${JSON.stringify(name)} is not a name of ${what}`)
  }
  const isTaken = findOccurrences(analysis).some(
    (each) => each.kind === first.kind && each.symbol !== first.symbol && sameName(each, name),
  )
  if (isTaken) throw new RangeError(`the file has another ${first.kind} ${name}`)
  return found.filter(({ isIndex }) => !isIndex).map(({ range }) => ({ range, text: name }))
}

function sameName({ kind, name }: Occurrence, other: string): boolean {
  return kind === 'stage' ? name.toLowerCase() === other : name === other
}

function sameSymbol(analysis: Analysis, position: Position): Occurrence[] {
  const all = findOccurrences(analysis)
  const here = all.find(({ range }) => contains(range, position))
  return here === undefined ? [] : all.filter(({ symbol }) => symbol === here.symbol)
}

/** The end belongs to a range, because a cursor after a word means the word. */
export function contains({ start, end }: Range, { line, column }: Position): boolean {
  const isAfterStart = line > start.line || (line === start.line && column >= start.column)
  return isAfterStart && (line < end.line || (line === end.line && column <= end.column))
}
