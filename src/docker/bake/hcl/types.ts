import { HclError } from './hcl-error.ts'
import type { Expression } from './syntax.ts'
import {
  boolOf,
  distinct,
  isList,
  isMap,
  mapOf,
  numberOf,
  textOf,
  typeName,
  type Value,
} from './value.ts'

/** A constraint of values, as `type` of a variable gives it. */
export type Type =
  | { readonly kind: 'any' | 'string' | 'number' | 'bool' }
  | { readonly kind: 'list' | 'set' | 'map'; readonly element: Type }
  | { readonly kind: 'tuple'; readonly elements: readonly Type[] }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Member> }

interface Member {
  readonly type: Type
  readonly isOptional: boolean
  readonly usual: Value
}

/** Reads an expression such as `list(string)`. Throws `HclError`. */
export function typeOf(
  expression: Expression,
  evaluate: (expression: Expression) => Value = refuseDefault,
): Type {
  const { at } = expression
  const inner = (one: Expression): Type => typeOf(one, evaluate)
  if (expression.kind === 'reference') {
    const { name } = expression
    if (name === 'any' || name === 'string' || name === 'number' || name === 'bool') {
      return { kind: name }
    }
  }
  if (expression.kind === 'call') {
    const { name, args } = expression
    const [arg] = args
    if (arg !== undefined && args.length === 1) {
      if (name === 'list' || name === 'set' || name === 'map') {
        return { kind: name, element: inner(arg) }
      }
      if (name === 'tuple' && arg.kind === 'list') {
        return { kind: 'tuple', elements: arg.items.map(inner) }
      }
      if (name === 'object' && arg.kind === 'object') {
        const members = arg.entries.map(([key, value]): [string, Member] => {
          if (key.kind !== 'literal') throw new HclError('a member of a type has a plain name', at)
          return [textOf(key.value), memberOf(value, inner, evaluate)]
        })
        return { kind: 'object', members: new Map(members) }
      }
    }
  }
  throw new HclError('expected a type, such as string or list(string)', at)
}

function refuseDefault({ at }: Expression): Value {
  throw new HclError('a type has no default here', at)
}

function memberOf(
  expression: Expression,
  inner: (expression: Expression) => Type,
  evaluate: (expression: Expression) => Value,
): Member {
  if (expression.kind !== 'call' || expression.name !== 'optional') {
    return { type: inner(expression), isOptional: false, usual: null }
  }
  const [type, usual] = expression.args
  if (type === undefined) throw new HclError('optional needs a type', expression.at)
  return {
    type: inner(type),
    isOptional: true,
    usual: usual === undefined ? null : evaluate(usual),
  }
}

/** Converts a value to a type. Throws `HclError`. */
export function convert(value: Value, type: Type): Value {
  if (value === null || type.kind === 'any') return value
  switch (type.kind) {
    case 'string':
      return textOf(value)
    case 'number':
      return numberOf(value)
    case 'bool':
      return boolOf(value)
    case 'list':
    case 'set': {
      if (!isList(value)) break
      const list = value.map((one) => convert(one, type.element))
      return type.kind === 'set' ? setOf(list) : list
    }
    case 'tuple':
      if (!isList(value) || value.length !== type.elements.length) break
      return type.elements.map((element, index) => convert(value[index] ?? null, element))
    case 'map':
      if (!isMap(value)) break
      return mapOf([...value].map(([name, one]) => [name, convert(one, type.element)]))
    case 'object':
      if (!isMap(value)) break
      return mapOf(
        [...type.members].map(([name, member]) => [name, memberValue(value, name, member)]),
      )
  }
  throw new HclError(`expected ${nameOf(type)}, not ${typeName(value)}`)
}

function memberValue(
  value: ReadonlyMap<string, Value>,
  name: string,
  { type, isOptional, usual }: Member,
): Value {
  const given = value.get(name)
  if (given === undefined && !isOptional) throw new HclError(`the object lacks ${name}`)
  return convert(given ?? usual, type)
}

/** Returns each value once, in the order of HCL's sets. */
export function setOf(values: readonly Value[]): readonly Value[] {
  const once = distinct(values)
  const [first] = once
  if (typeof first === 'number') return once.sort((a, b) => numberOf(a) - numberOf(b))
  if (typeof first !== 'string') return once
  return once.sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1))
}

/** The name of a type in messages and lists: `list of string`. */
export function nameOf(type: Type): string {
  if (type.kind === 'any') return 'any type'
  if (type.kind !== 'list' && type.kind !== 'set' && type.kind !== 'map') return type.kind
  const { element } = type
  return `${type.kind} of ${element.kind === 'any' ? 'any single type' : nameOf(element)}`
}
