import type { Diagnostic, Stage } from '../ast.ts'
import type { IgnoreMatcher } from '../ignore/ignore.ts'
import { isChecked } from '../lint/checks.ts'
import { ignoredSources, invalidDefault, undefinedVariable } from '../lint/messages.ts'
import { type RuleName, warning } from '../lint/rules.ts'
import type { ParseOptions } from '../parse.ts'
import { type Analysis, analyze } from '../scope/analysis.ts'
import { builderVariables, expanded, type Scope, walkScopes } from '../scope/scope.ts'
import { variableUses } from '../scope/variable-uses.ts'
import { suggest } from '../suggest.ts'

export interface CheckFileOptions extends ParseOptions {
  readonly ignore?: IgnoreMatcher | undefined
  /** True for a name that can be one of an image. */
  readonly isReference: (name: string) => boolean
}

/**
 * Checks a Dockerfile without its base images. A variable that an image may set counts as defined,
 * unless its name is much like that of a known one. Diagnostics are in the order of the file.
 */
export function checkFile(text: string, options: CheckFileOptions): readonly Diagnostic[] {
  return checkAnalysis(analyze(text, options), options)
}

export function checkAnalysis(
  analysis: Analysis,
  options: CheckFileOptions,
): readonly Diagnostic[] {
  const { diagnostics, checks } = analysis.file
  // Like BuildKit, check nothing that needs a whole build when there is a mistake.
  if (diagnostics.some(({ severity }) => severity === 'error')) return diagnostics
  const found = [
    ...checkBases(analysis, options),
    ...checkVariables(analysis),
    ...checkSources(analysis, options),
  ].filter(({ rule, range }) => checks === undefined || isChecked(checks, rule, range.start.line))
  return [...diagnostics, ...found].sort((a, b) => a.range.start.line - b.range.start.line)
}

function checkBases(analysis: Analysis, { isReference }: CheckFileOptions): Diagnostic[] {
  const { args, stages } = analysis.file
  const defaults = new Map(builderVariables({}))
  for (const { key, value } of args.flatMap(({ args: pairs }) => pairs)) {
    // An argument without a default is empty.
    const known = value === undefined ? '' : expanded(value, defaults)
    defaults.set(key, { name: key, kind: 'ARG', value: known })
  }
  return stages.flatMap(({ from: { image, range } }: Stage) => {
    const base = image.includes('$') ? expanded(image, defaults) : undefined
    if (base === undefined || isReference(base)) return []
    return [warning('InvalidDefaultArgInFrom', invalidDefault(image), range)]
  })
}

/** The instructions whose variables the builder substitutes. */
const substituted = new Set([
  'ADD',
  'COPY',
  'ENV',
  'EXPOSE',
  'LABEL',
  'STOPSIGNAL',
  'USER',
  'VOLUME',
  'WORKDIR',
])

function checkVariables(analysis: Analysis): Diagnostic[] {
  const found: Diagnostic[] = []
  walkScopes(analysis, ({ node, item: { statement } }, { variables, isComplete }: Scope) => {
    if (node === undefined || !substituted.has(node.kind)) return undefined
    if (!statement.text.includes('$')) return undefined
    const uses = variableUses(statement.text, { escape: statement.escape, hasQuotes: true })
    const missing = uses.filter(({ name, isOptional }) => !isOptional && !variables.has(name))
    const known = missing.length === 0 ? [] : [...variables.keys()]
    const names = new Set(missing.map(({ name }) => name))
    for (const name of names) {
      if (!isComplete && suggest(name, known) === undefined) continue
      found.push(warning('UndefinedVar', undefinedVariable(name, known), node.range))
    }
    return undefined
  })
  return found
}

function checkSources({ file }: Analysis, { ignore }: CheckFileOptions): Diagnostic[] {
  if (ignore === undefined) return []
  const rule: RuleName = 'CopyIgnoredFile'
  return file.stages.flatMap(({ instructions }) =>
    instructions.flatMap((node) => {
      if (node.kind !== 'ADD' && node.kind !== 'COPY') return []
      if (node.kind === 'COPY' && node.from !== undefined) return []
      const paths = node.sources.flatMap((source) =>
        source.kind === 'path' && !/[$]|:\/\//.test(source.path) ? [source.path] : [],
      )
      return ignoredSources(node.kind, paths, ignore).map((text) => warning(rule, text, node.range))
    }),
  )
}
