import type { Instruction, KeyValue, Range, Stage } from '../ast.ts'
import { expand } from '../expand/expand.ts'
import { SubstitutionError } from '../expand/substitution-error.ts'
import { rangeIn } from '../lines.ts'
import type { Analysis, AnalysisPart } from './analysis.ts'

/** A variable at one place of a Dockerfile. */
export interface Variable {
  readonly name: string
  readonly kind: 'ARG' | 'ENV' | 'builder'
  /** Absent for a value that only a build knows. */
  readonly value?: string | undefined
  /** The range of its name in the ARG or ENV. Absent for variables of the builder. */
  readonly declared?: Range | undefined
}

/** The variables at one place. */
export interface Scope {
  readonly variables: ReadonlyMap<string, Variable>
  /** False where an image with an unknown environment is the base. */
  readonly isComplete: boolean
}

/** Arguments that the builder sets. FROM sees them, and stages see them after ARG. */
const builderArgs: readonly string[] = ['TARGET', 'BUILD']
  .flatMap((side) => ['PLATFORM', 'OS', 'OSVERSION', 'ARCH', 'VARIANT'].map((what) => side + what))
  .concat('TARGETSTAGE')

/** The variables that FROM sees without an ARG. */
export function builderVariables(values: Readonly<Record<string, string>>): Map<string, Variable> {
  return new Map(builderArgs.map((name) => [name, { name, kind: 'builder', value: values[name] }]))
}

/** The search path for bases without PATH. */
const pathVariable: Variable = { name: 'PATH', kind: 'builder' }

export interface ScopeOptions {
  /** The values of build arguments, which replace defaults. */
  readonly buildArgs?: Readonly<Record<string, string>> | undefined
}

/**
 * Calls `visit` with every instruction and the variables before it. `visit` may return true to
 * stop. The scope changes after the call.
 */
export function walkScopes(
  { parts, file }: Analysis,
  visit: (part: AnalysisPart, scope: Scope) => boolean | undefined,
  { buildArgs = {} }: ScopeOptions = {},
): void {
  const globals = builderVariables(buildArgs)
  const ends = new Map<number, Scope>()
  let scope = { variables: globals, isComplete: true }
  let current: Stage | undefined
  for (const part of parts) {
    const { node, stage } = part
    // FROM sees the global arguments, not those of the stage before it.
    if (node?.kind === 'FROM' && current !== undefined) ends.set(current.index, scope)
    if (visit(part, node?.kind === 'FROM' ? { variables: globals, isComplete: true } : scope))
      return
    if (node?.kind === 'FROM') {
      current = stage
      scope = stageScope(expanded(node.image, globals), file.stages, ends)
    } else if (node !== undefined) {
      declare(node, part, { scope: scope.variables, globals, buildArgs })
    }
  }
}

/** Returns the variables before the instruction at a line, or at the end of the file. */
export function scopeAt(analysis: Analysis, line: number, options: ScopeOptions = {}): Scope {
  let found: Scope | undefined
  walkScopes(
    analysis,
    ({ item }, scope) => {
      found = scope
      return item.line + item.lines.length > line
    },
    options,
  )
  return found ?? { variables: new Map(), isComplete: true }
}

function stageScope(
  base: string | undefined,
  stages: readonly Stage[],
  ends: ReadonlyMap<number, Scope>,
): { variables: Map<string, Variable>; isComplete: boolean } {
  const name = base?.toLowerCase()
  const parent = stages.findLast((stage) => ends.has(stage.index) && stage.name === name)
  const end = parent === undefined ? undefined : ends.get(parent.index)
  if (end !== undefined) return { variables: new Map(end.variables), isComplete: end.isComplete }
  return { variables: new Map([['PATH', pathVariable]]), isComplete: name === 'scratch' }
}

interface Declaring {
  readonly scope: Map<string, Variable>
  readonly globals: ReadonlyMap<string, Variable>
  readonly buildArgs: Readonly<Record<string, string>>
}

function declare(
  node: Instruction,
  part: AnalysisPart,
  { scope, globals, buildArgs }: Declaring,
): void {
  if (node.kind !== 'ARG' && node.kind !== 'ENV') return
  const set = ({ key, value }: KeyValue, index: number, found: string | undefined): void => {
    const inherited = value === undefined ? globals.get(key)?.value : undefined
    const given = node.kind === 'ARG' ? buildArgs[key] : undefined
    scope.set(key, {
      name: key,
      kind: node.kind,
      value: given ?? found ?? inherited,
      // Only editors ask for it.
      get declared() {
        return keyRange(part, key, index)
      },
    })
  }
  const valueIn = ({ value }: KeyValue): string | undefined =>
    value === undefined ? undefined : expanded(value, scope)
  if (node.kind === 'ARG') {
    for (const [index, pair] of node.args.entries()) set(pair, index, valueIn(pair))
    return
  }
  // All words of an ENV see the variables before it.
  const values = node.pairs.map(valueIn)
  for (const [index, pair] of node.pairs.entries()) set(pair, index, values[index])
}

/** Returns the range of the name in `key=value` or `key value`. */
function keyRange({ item: { statement } }: AnalysisPart, key: string, index: number): Range {
  const { text, restAt, line } = statement
  const pattern = new RegExp(String.raw`(?<=^|\s)${RegExp.escape(key)}(?=[=\s]|$)`, 'g')
  const matches = [...text.slice(restAt).matchAll(pattern)]
  const at = restAt + ((matches[index] ?? matches[0])?.index ?? 0)
  return rangeIn(line.pieces, at, at + key.length)
}

/** Returns the value of a word, or undefined if it depends on an unknown variable. */
export function expanded(
  word: string,
  variables: ReadonlyMap<string, Variable>,
): string | undefined {
  let isKnown = true
  const lookup = (name: string): string | undefined => {
    const variable = variables.get(name)
    if (variable?.value === undefined) isKnown = false
    return variable?.value
  }
  try {
    const value = expand(word, lookup)
    return isKnown ? value : undefined
  } catch (error) {
    if (error instanceof SubstitutionError) return undefined
    throw error
  }
}
