import type { Diagnostic, Position, Range } from '#dockerfile'
import type { TextEdit } from '#dockerfile/fix/edits'
import type { Completion } from '#dockerfile/language/complete'
import type { DocumentSymbol } from '#dockerfile/language/symbols'
import { ruleUrl } from '#dockerfile/lint/rules'

// From our types to those of the protocol.

function toPosition({ line, column }: Position): object {
  return { line: line - 1, character: column }
}

export function toRange({ start, end }: Range): object {
  return { start: toPosition(start), end: toPosition(end) }
}

export function toEdit({ range, text }: TextEdit): object {
  return { range: toRange(range), newText: text }
}

/** Errors are 1 and warnings 2. */
export function toDiagnostic({ severity, rule, message, range }: Diagnostic): object {
  const href = ruleUrl(rule)
  return {
    range: toRange(range),
    severity: severity === 'error' ? 1 : 2,
    code: rule,
    source: 'strake',
    message,
    ...(href !== undefined && { codeDescription: { href } }),
  }
}

const completionKinds = { keyword: 14, flag: 5, value: 12, stage: 9, variable: 6 } as const

export function toCompletion({ label, kind, detail, text, range }: Completion): object {
  return {
    label,
    kind: completionKinds[kind],
    ...(detail !== '' && { detail }),
    textEdit: { range: toRange(range), newText: text },
  }
}

/** Namespace, variable and field. */
const symbolKinds = { stage: 3, variable: 13, instruction: 8 } as const

export function toSymbol({
  name,
  detail,
  kind,
  range,
  selection,
  children,
}: DocumentSymbol): object {
  return {
    name,
    ...(detail !== '' && { detail }),
    kind: symbolKinds[kind],
    range: toRange(range),
    selectionRange: toRange(selection),
    children: children.map(toSymbol),
  }
}
