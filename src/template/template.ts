import { TemplateError } from './error.ts'
import { Budget, defaultLimits, LimitError, type Limits } from './execute/limits.ts'
import { type Execution, State } from './execute/state.ts'
import { walk } from './execute/walk.ts'
import { builtins } from './functions/builtins.ts'
import type { TemplateSet } from './syntax/node.ts'
import { parseTemplates } from './syntax/parser.ts'
import { fromBytes, toBytes } from './text/utf8.ts'
import type { TemplateFunction } from './value/function.ts'
import type { Optional } from './value/value.ts'

export type FunctionTable = ReadonlyMap<string, TemplateFunction>

export interface TemplateOptions {
  /** The name of the template in errors. */
  readonly name?: string | undefined
  /** Functions besides the built-in ones. */
  readonly functions?: FunctionTable | undefined
}

/** A parsed template. */
export interface Template {
  readonly set: TemplateSet
  readonly functions: FunctionTable
}

/**
 * Parses a template of Go's package text/template. Throws `TemplateError`.
 *
 * @see https://pkg.go.dev/text/template
 */
export function parseTemplate(text: string, options: TemplateOptions = {}): Template {
  const { name = '', functions = new Map() } = options
  const hasFunction = (called: string): boolean => functions.has(called) || builtins.has(called)
  try {
    const set = parseTemplates(toBytes(text), { name: toBytes(name), hasFunction })
    return { set, functions }
  } catch (error) {
    throw asText(error)
  }
}

export interface ExecuteOptions {
  /** What a map without the key of a field returns; no value unless given. */
  readonly missingKey?: Execution['missingKey'] | undefined
  /** Functions that replace those of the template. */
  readonly functions?: FunctionTable | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Called with what each action prints; text between actions is written as it is. */
  readonly show?: ((text: string) => string) | undefined
}

/**
 * Executes a template and returns what it writes. Throws `TemplateError`, which has what
 * was written before the failure. A template that exceeds a limit fails too.
 */
export function executeTemplate(
  { set, functions }: Template,
  data: Optional,
  options: ExecuteOptions = {},
): string {
  const { missingKey = 'no value', show } = options
  const execution: Execution = {
    set,
    functions: options.functions ?? functions,
    missingKey,
    budget: new Budget({ ...defaultLimits, ...options.limits }),
    show: show === undefined ? (text) => text : (text) => toBytes(show(fromBytes(text))),
    written: '',
    depth: 0,
  }
  try {
    walk(new State(execution, set.name, data), data, set.templates.get(set.name) ?? [])
    return fromBytes(execution.written)
  } catch (error) {
    if (!(error instanceof LimitError)) throw asText(error)
    const { written } = execution
    const message = `template: ${set.name}: ${error.message}`
    throw asText(new TemplateError(message, { written, isLimit: true }))
  }
}

/** Inside of this folder messages are bytes. */
function asText(error: unknown): unknown {
  if (!(error instanceof TemplateError)) return error
  const { message, written, isLimit } = error
  return new TemplateError(fromBytes(message), { written: fromBytes(written), isLimit })
}
