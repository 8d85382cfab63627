import { atPlace, HclError } from './hcl-error.ts'
import { applyBinary } from './operators.ts'
import { type Expression, splatElement } from './syntax.ts'
import {
  boolOf,
  isList,
  isMap,
  listOf,
  mapOf,
  numberOf,
  textOf,
  typeName,
  type Value,
} from './value.ts'

/** What the names in an expression mean. */
export interface Scope {
  /**
   * Returns the value of a name, and how many of the steps behind it were taken for it. `undefined`
   * for an unknown name. Throws `HclError`.
   */
  readonly find: (name: string, steps: readonly string[]) => Found | undefined
  readonly function: (name: string) => HclFunction | undefined
}

export interface Found {
  readonly value: Value
  readonly steps: number
}

/** Most functions use values; some use expressions, and evaluate them by themselves. */
export type HclFunction =
  | { readonly kind: 'values'; readonly call: (...args: readonly Value[]) => Value }
  | {
      readonly kind: 'expressions'
      readonly call: (args: readonly Expression[], scope: Scope) => Value
    }

type Of<Kind extends Expression['kind']> = Extract<Expression, { readonly kind: Kind }>

/** Returns the value of an expression. Throws `HclError`. */
export function evaluate(expression: Expression, scope: Scope): Value {
  const of = (inner: Expression): Value => evaluate(inner, scope)
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'template':
      return expression.parts.map((part) => textOf(of(part), part.at)).join('')
    case 'join':
      return listOf(of(expression.list))
        .map((one) => textOf(one, expression.at))
        .join('')
    case 'list':
      return expression.items.map(of)
    case 'object':
      return mapOf(expression.entries.map(([key, value]) => [textOf(of(key), key.at), of(value)]))
    case 'reference':
    case 'attribute':
    case 'index':
      return follow(expression, scope)
    case 'splat':
      return evaluateSplat(expression, scope)
    case 'call':
      return evaluateCall(expression, scope)
    case 'unary': {
      const value = of(expression.of)
      return expression.operator === '!'
        ? !boolOf(value, expression.at)
        : -numberOf(value, expression.at)
    }
    case 'binary':
      return evaluateBinary(expression, scope)
    case 'conditional': {
      const isTrue = boolOf(of(expression.condition), expression.condition.at)
      return of(isTrue ? expression.then : expression.otherwise)
    }
    case 'for':
      return evaluateFor(expression, scope)
  }
}

function evaluateBinary({ operator, left, right, at }: Of<'binary'>, scope: Scope): Value {
  const first = evaluate(left, scope)
  if (operator === '&&' && !boolOf(first, left.at)) return false
  if (operator === '||' && boolOf(first, left.at)) return true
  return atPlace(at, () => applyBinary(operator, first, evaluate(right, scope)))
}

function follow(expression: Expression, scope: Scope): Value {
  const steps: (Of<'attribute'> | Of<'index'>)[] = []
  let root = expression
  while (root.kind === 'attribute' || root.kind === 'index') {
    steps.unshift(root)
    root = root.of
  }
  if (root.kind !== 'reference') return applySteps(evaluate(root, scope), steps, scope)
  const { name, at } = root
  const known = knownNames(steps)
  const found = atPlace(at, () => scope.find(name, known))
  if (found === undefined) throw new HclError(`there is no variable ${name}`, at)
  return applySteps(found.value, steps.slice(found.steps), scope)
}

/** The steps that are known without evaluation, for example `app` and `tags` in `target.app.tags`. */
function knownNames(steps: readonly (Of<'attribute'> | Of<'index'>)[]): readonly string[] {
  const names = steps.map((step) => {
    if (step.kind === 'attribute') return step.name
    const { key } = step
    return key.kind === 'literal' && typeof key.value === 'string' ? key.value : undefined
  })
  const end = names.indexOf(undefined)
  return names.slice(0, end === -1 ? names.length : end).map(String)
}

function applySteps(
  value: Value,
  steps: readonly (Of<'attribute'> | Of<'index'>)[],
  scope: Scope,
): Value {
  return steps.reduce((of, step) => {
    const key = step.kind === 'attribute' ? step.name : evaluate(step.key, scope)
    return atPlace(step.at, () => elementOf(of, key))
  }, value)
}

/** Returns an element of a list, or a member of an object. Throws `HclError`. */
export function elementOf(of: Value, key: Value): Value {
  if (isList(of)) {
    const index = numberOf(key)
    const value = of[index]
    if (value !== undefined) return value
    throw new HclError(`there is no element ${index} in a list of ${of.length}`)
  }
  if (!isMap(of)) throw new HclError(`${typeName(of)} has no elements`)
  const name = textOf(key)
  const value = of.get(name)
  if (value !== undefined) return value
  throw new HclError(`the object has no ${name}`)
}

/** A value that is no list is a list of itself, and null is the empty list. */
function evaluateSplat({ of, each }: Of<'splat'>, scope: Scope): Value {
  const value = evaluate(of, scope)
  const list = isList(value) ? value : value === null ? [] : [value]
  return list.map((one) => evaluate(each, withVariables(scope, new Map([[splatElement, one]]))))
}

function evaluateCall({ name, args, isExpanded, at }: Of<'call'>, scope: Scope): Value {
  const called = scope.function(name)
  if (called === undefined) throw new HclError(`there is no function ${name}`, at)
  return atPlace(at, () => {
    if (called.kind === 'expressions') return called.call(args, scope)
    const values = args.map((arg) => evaluate(arg, scope))
    if (!isExpanded) return called.call(...values)
    return called.call(...values.slice(0, -1), ...listOf(values.at(-1) ?? null))
  })
}

function evaluateFor(expression: Of<'for'>, scope: Scope): Value {
  const { keyName, valueName, key, each, condition, isGrouped, at } = expression
  const entries: [string, Value][] = []
  const items: Value[] = []
  for (const [name, value] of entriesOf(evaluate(expression.source, scope))) {
    const variables = new Map([[valueName, value]])
    if (keyName !== undefined) variables.set(keyName, name)
    const inside = withVariables(scope, variables)
    if (condition !== undefined && !boolOf(evaluate(condition, inside), condition.at)) continue
    const result = evaluate(each, inside)
    if (key === undefined) items.push(result)
    else entries.push([textOf(evaluate(key, inside), key.at), result])
  }
  if (key === undefined) return items
  if (isGrouped) {
    const groups = Map.groupBy(entries, ([name]) => name)
    return mapOf([...groups].map(([name, group]) => [name, group.map(([, value]) => value)]))
  }
  const names = new Set(entries.map(([name]) => name))
  if (names.size < entries.length) throw new HclError('for makes a name twice; add ...', at)
  return mapOf(entries)
}

function entriesOf(value: Value): readonly (readonly [Value, Value])[] {
  if (isList(value)) return value.map((one, index) => [index, one])
  if (isMap(value)) return [...value]
  throw new HclError(`for needs a list or an object, not ${typeName(value)}`)
}

/** A scope in which some names are variables, for example the parameters of a function. */
export function withVariables(outer: Scope, variables: ReadonlyMap<string, Value>): Scope {
  return {
    find(name, steps) {
      const value = variables.get(name)
      return value === undefined ? outer.find(name, steps) : { value, steps: 0 }
    },
    function: outer.function,
  }
}
