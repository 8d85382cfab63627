import type { Diagnostic } from '../ast.ts'
import { type ParseOptions, parse } from '../parse.ts'
import { readTree } from '../syntax/read-tree.ts'
import type { StatementItem, SyntaxTree } from '../syntax/tree.ts'
import { applyEdits, type TextEdit } from './edits.ts'
import { execForm } from './exec-form.ts'
import {
  containerPorts,
  lowerProtocols,
  lowerStageName,
  matchAs,
  matchCase,
  separateComment,
  withoutEmptyLines,
  withoutPlatform,
} from './simple-fixes.ts'
import { labelForMaintainer, withEquals } from './value-fixes.ts'

/** A change that removes a violation and keeps what is built. */
export interface Fix {
  /** What it does, for the menu of an editor: `Write the keyword in uppercase`. */
  readonly title: string
  readonly diagnostic: Diagnostic
  readonly edits: readonly TextEdit[]
}

/** Returns the edits for one violation, or none if the instruction cannot be changed safely. */
export type FixRule = (item: StatementItem, diagnostic: Diagnostic) => readonly TextEdit[]

const fixes: Readonly<Record<string, { readonly title: string; readonly edits: FixRule }>> = {
  ConsistentInstructionCasing: { title: 'Match the case of the other keywords', edits: matchCase },
  ExposeInvalidFormat: { title: 'Keep only the port of the container', edits: containerPorts },
  ExposeProtoCasing: { title: 'Write the protocol in lowercase', edits: lowerProtocols },
  FromAsCasing: { title: 'Match the case of FROM', edits: matchAs },
  InvalidDefinitionDescription: {
    title: 'Separate the comment from the instruction',
    edits: separateComment,
  },
  JSONArgsRecommended: { title: 'Write the command as a JSON array', edits: execForm },
  LegacyKeyValueFormat: { title: 'Write key=value', edits: withEquals },
  MaintainerDeprecated: { title: 'Replace MAINTAINER by a label', edits: labelForMaintainer },
  NoEmptyContinuation: { title: 'Remove the empty lines', edits: withoutEmptyLines },
  RedundantTargetPlatform: { title: 'Remove --platform', edits: withoutPlatform },
  StageNameCasing: { title: 'Write the name in lowercase', edits: lowerStageName },
}

/** Returns the fixes of those diagnostics that have one. */
export function findFixes(text: string, diagnostics: readonly Diagnostic[]): Fix[] {
  const statements = statementsByLine(readTree(text))
  return diagnostics.flatMap((diagnostic) => {
    const rule = Object.hasOwn(fixes, diagnostic.rule) ? fixes[diagnostic.rule] : undefined
    const item = statements.get(diagnostic.range.start.line)
    if (rule === undefined || item === undefined) return []
    const edits = rule.edits(item, diagnostic)
    return edits.length === 0 ? [] : [{ title: rule.title, diagnostic, edits }]
  })
}

/** A fix may make another one possible. So many rounds are made at most. */
const maxRounds = 10

/** Makes all fixes of a Dockerfile. All other characters stay as they are. */
export function fixDockerfile(text: string, options: ParseOptions = {}): string {
  let fixed = text
  for (let round = 0; round < maxRounds; round++) {
    const { diagnostics } = parse(fixed, options)
    const next = applyEdits(
      fixed,
      findFixes(fixed, diagnostics).flatMap(({ edits }) => edits),
    )
    if (next === fixed) break
    fixed = next
  }
  return fixed
}

function statementsByLine({ items }: SyntaxTree): ReadonlyMap<number, StatementItem> {
  const found = new Map<number, StatementItem>()
  for (const item of items) {
    if (item.kind !== 'statement') continue
    for (let line = 0; line < item.lines.length; line++) found.set(item.line + line, item)
  }
  return found
}
