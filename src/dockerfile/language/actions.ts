import type { Diagnostic, Range } from '../ast.ts'
import type { TextEdit } from '../fix/edits.ts'
import { findFixes } from '../fix/fixes.ts'
import { replace } from '../fix/simple-fixes.ts'
import { type Analysis, type AnalysisPart, partAt } from '../scope/analysis.ts'
import { variableUses } from '../scope/variable-uses.ts'

/** A change that an editor offers for a diagnostic. */
export interface CodeAction {
  readonly title: string
  readonly diagnostic: Diagnostic
  readonly edits: readonly TextEdit[]
  /** True when it keeps what is built. */
  readonly isPreferred: boolean
}

/** Returns the changes for the diagnostics of a range. */
export function codeActions(
  analysis: Analysis,
  diagnostics: readonly Diagnostic[],
  range: Range,
): CodeAction[] {
  const here = diagnostics.filter(({ range: { start, end } }) => {
    return start.line <= range.end.line && end.line >= range.start.line
  })
  const fixes = findFixes(analysis.text, here).map(({ title, diagnostic, edits }) => ({
    title,
    diagnostic,
    edits,
    isPreferred: true,
  }))
  const others = here.flatMap((diagnostic) => [
    ...suggestions(analysis, diagnostic),
    ...skips(analysis, diagnostic),
  ])
  return [...fixes, ...others]
}

/** Replaces a misspelt word by the one that the message suggests. */
function suggestions(analysis: Analysis, diagnostic: Diagnostic): CodeAction[] {
  const part = partAt(analysis, diagnostic.range.start.line)
  const right = /\(did you mean \$?([^\s?]+)\?\)$/.exec(diagnostic.message)?.[1]
  if (part === undefined || right === undefined) return []
  const edits = replacements(part, diagnostic, right)
  if (edits.length === 0) return []
  return [{ title: `Change to ${right}`, diagnostic, edits, isPreferred: false }]
}

function replacements(
  { item: { statement } }: AnalysisPart,
  { rule, message }: Diagnostic,
  right: string,
): TextEdit[] {
  const { text, written, flagSpans, escape: escapeChar } = statement
  if (rule === 'unknown-instruction') {
    return [replace(statement, { start: 0, end: written.length }, right)]
  }
  if (rule === 'UndefinedVar' || rule === 'UndefinedArgInFrom') {
    const name = /'\$?(\w+)'/.exec(message)?.[1]
    return variableUses(text, { escape: escapeChar, hasQuotes: true })
      .filter((use) => use.name === name)
      .map((use) => replace(statement, use, right))
  }
  const wrong = /(--[\w-]+)|unexpected key '([^']+)'/.exec(message)
  const word = wrong?.[1] ?? wrong?.[2]
  if (word === undefined || (rule !== 'unknown-flag' && rule !== 'invalid-mount')) return []
  return flagSpans.flatMap(({ start, end }) => {
    const pattern = new RegExp(`(?<=^|[,=])${RegExp.escape(word)}(?=[=,]|$)`)
    const at = text.slice(start, end).search(pattern)
    return at < 0
      ? []
      : [replace(statement, { start: start + at, end: start + at + word.length }, right)]
  })
}

/** Adds a check comment above the instruction. Mistakes cannot be skipped. */
function skips(analysis: Analysis, diagnostic: Diagnostic): CodeAction[] {
  const part = partAt(analysis, diagnostic.range.start.line)
  if (part === undefined || diagnostic.severity === 'error') return []
  const { line, lines } = part.item
  const lineBreak = lines[0]?.raw.endsWith('\r\n') ? '\r\n' : '\n'
  const position = { line, column: 0 }
  const text = `# check=skip=${diagnostic.rule}${lineBreak}`
  const edits = [{ range: { start: position, end: position }, text }]
  const title = `Skip ${diagnostic.rule} for this instruction`
  // A comment on the first line would be a directive for the whole file.
  return line === 1 ? [] : [{ title, diagnostic, edits, isPreferred: false }]
}
