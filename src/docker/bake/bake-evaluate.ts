import { readTargets } from './bake-blocks.ts'
import { type BakeFile, type BakeGroup, emptyFile } from './bake-file.ts'
import { rememberOnce } from './bake-once.ts'
import { describeVariable, type Environment, validate, variableValue } from './bake-variables.ts'
import {
  evaluate,
  type Found,
  type HclFunction,
  type Scope,
  withVariables,
} from './hcl/evaluate.ts'
import { functions } from './hcl/functions/table.ts'
import { atPlace, HclError } from './hcl/hcl-error.ts'
import { labelOf } from './hcl/label.ts'
import type { Block, Body, Expression } from './hcl/syntax.ts'
import { listOf, textOf, type Value } from './hcl/value.ts'

export interface EvaluateOptions {
  readonly env: Environment
  /** Variables that a file cannot change, such as `BAKE_LOCAL_PLATFORM`. */
  readonly fixed: Readonly<Record<string, string>>
}

/** Evaluates the bodies of files in HCL or JSON, as if they were one. Throws `HclError`. */
export function evaluateBodies(bodies: readonly Body[], options: EvaluateOptions): BakeFile {
  const blocks = bodies.flatMap((body) => body.blocks)
  const variables = byLabel(blocks, 'variable')
  const scope = globalScope(bodies, blocks, variables, options)
  const described = [...variables].map(([name, block]) =>
    atPlace(block.at, () => describeVariable(block, scope, scope.find(name, [])?.value ?? null)),
  )
  for (const block of variables.values()) validate(block, scope)
  const { targets, matrices } = readTargets(blocks, scope)
  const groups = blocks.filter(({ type }) => type === 'group').map((one) => groupOf(one, scope))
  return {
    ...emptyFile,
    targets,
    groups: { ...Object.fromEntries(groups), ...matrices },
    variables: described,
  }
}

/** Variables, attributes outside of blocks, and functions. Each is evaluated when it is needed. */
function globalScope(
  bodies: readonly Body[],
  blocks: readonly Block[],
  variables: ReadonlyMap<string, Block>,
  { env, fixed }: EvaluateOptions,
): Scope {
  const attributes = new Map(bodies.flatMap((body) => [...body.attributes]))
  const own = byLabel(blocks, 'function')
  const names = new Set([...variables.keys(), ...Object.keys(fixed)])
  const once = rememberOnce<Value>()
  const found = (value: Value): Found => ({ value, steps: 0 })
  const scope: Scope = {
    find(name) {
      const value = Object.hasOwn(fixed, name) ? fixed[name] : undefined
      if (value !== undefined) return found(value)
      const expression = attributes.get(name)?.value
      if (expression !== undefined) return found(once(name, () => evaluate(expression, scope)))
      const block = variables.get(name)
      if (block === undefined) return undefined
      return found(once(name, () => variableValue(block, scope, env, names)))
    },
    function(name) {
      const block = own.get(name)
      return block === undefined ? functions.get(name) : userFunction(block, scope)
    },
  }
  return scope
}

/** The last block of a name holds. */
function byLabel(blocks: readonly Block[], type: string): ReadonlyMap<string, Block> {
  return new Map(blocks.filter((one) => one.type === type).map((one) => [labelOf(one), one]))
}

function groupOf(block: Block, scope: Scope): readonly [string, BakeGroup] {
  const { attributes } = block.body
  for (const name of attributes.keys()) {
    if (name !== 'targets' && name !== 'description') {
      throw new HclError(`a group has no ${name}`, block.at)
    }
  }
  const targets = attributes.get('targets')?.value
  const description = attributes.get('description')?.value
  const members =
    targets === undefined
      ? []
      : atPlace(targets.at, () => listOf(evaluate(targets, scope)).map((one) => textOf(one)))
  return [
    labelOf(block),
    {
      targets: [...new Set(members)],
      ...(description && { description: textOf(evaluate(description, scope), description.at) }),
    },
  ]
}

/** A function of the file. Its parameters hide variables. */
function userFunction(block: Block, scope: Scope): HclFunction {
  const name = labelOf(block)
  const { attributes } = block.body
  const result = attributes.get('result')?.value
  const params = attributes.get('params')?.value
  const variadic = attributes.get('variadic_params')?.value
  if (result === undefined || params?.kind !== 'list') {
    throw new HclError(`the function ${name} needs params and a result`, block.at)
  }
  const names = params.items.map(parameterName)
  const rest = variadic === undefined ? undefined : parameterName(variadic)
  return {
    kind: 'values',
    call(...args) {
      const isRight =
        rest === undefined ? args.length === names.length : args.length >= names.length
      if (!isRight) {
        throw new HclError(`${name} needs ${names.length} arguments, not ${args.length}`)
      }
      const variables = new Map(names.map((one, index) => [one, args[index] ?? null] as const))
      if (rest !== undefined) variables.set(rest, args.slice(names.length))
      return evaluate(result, withVariables(scope, variables))
    },
  }
}

/** In JSON a parameter is a text. */
function parameterName(expression: Expression): string {
  if (expression.kind === 'reference') return expression.name
  if (expression.kind === 'literal' && typeof expression.value === 'string') return expression.value
  throw new HclError('a parameter is a name', expression.at)
}
