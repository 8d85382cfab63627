import { parseBoolean } from '#dockerfile/boolean'
import { splitCsv } from '#dockerfile/csv'
import type { BakeVariable } from './bake-file.ts'
import { evaluate, type Scope } from './hcl/evaluate.ts'
import { jsonOf } from './hcl/functions/encoding.ts'
import { atPlace, HclError } from './hcl/hcl-error.ts'
import type { Block, Expression } from './hcl/syntax.ts'
import { convert, nameOf, setOf, type Type, typeOf } from './hcl/types.ts'
import {
  boolOf,
  fromPlain,
  isList,
  isMap,
  mapOf,
  numberOf,
  textOf,
  typeName,
  type Value,
} from './hcl/value.ts'

/** Values from outside: `--var`, and then the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

interface Declared {
  readonly name: string
  /** `undefined` where the file gives no type. */
  readonly type: Type | undefined
  readonly usual: Expression | undefined
}

function declared(block: Block, scope: Scope): Declared {
  const [name = ''] = block.labels
  const type = block.body.attributes.get('type')?.value
  return {
    name,
    type: type === undefined ? undefined : typeOf(type, (usual) => evaluate(usual, scope)),
    usual: block.body.attributes.get('default')?.value,
  }
}

/** Returns the value of a `variable` block: that of outside, or else its default. Throws `HclError`. */
export function variableValue(
  block: Block,
  scope: Scope,
  env: Environment,
  names: ReadonlySet<string>,
): Value {
  return atPlace(block.at, () => {
    const { name, type, usual } = declared(block, scope)
    const given = valueOutside(name, type !== undefined, env, names)
    if (usual === undefined && given === undefined) return type === undefined ? '' : null
    const own = usual === undefined ? undefined : evaluate(usual, scope)
    const value = own === undefined || type === undefined ? own : convert(own, type)
    return given === undefined ? (value ?? null) : readGiven(given, type, value)
  })
}

interface Given {
  readonly text: string
  readonly isJson: boolean
}

/** `NAME_JSON` gives the value of NAME as JSON, unless it is a variable itself. */
function valueOutside(
  name: string,
  isTyped: boolean,
  env: Environment,
  names: ReadonlySet<string>,
): Given | undefined {
  const plain = env[name]
  const json = names.has(`${name}_JSON`) ? undefined : env[`${name}_JSON`]
  if (json !== undefined && (isTyped || plain === undefined)) return { text: json, isJson: true }
  return plain === undefined ? undefined : { text: plain, isJson: false }
}

function readGiven(
  { text, isJson }: Given,
  type: Type | undefined,
  usual: Value | undefined,
): Value {
  if (type !== undefined && isJson) return convert(readJson(text), type)
  if (type !== undefined) return readTyped(text, type)
  if (usual === undefined || usual === null || typeof usual === 'string') return text
  if (typeof usual === 'boolean') return readTyped(text, { kind: 'bool' })
  if (typeof usual === 'number') return readTyped(text, { kind: 'number' })
  throw new HclError(`a ${typeName(usual)} from outside needs a variable with a type`)
}

function readJson(text: string): Value {
  try {
    return fromPlain(JSON.parse(text))
  } catch {
    throw new HclError('its value from outside is no JSON')
  }
}

/** Lists and maps are in CSV: `a,b` and `a:1,b:2`. */
function readTyped(text: string, type: Type): Value {
  switch (type.kind) {
    case 'any':
    case 'string':
      return text
    case 'bool': {
      const value = parseBoolean(text)
      if (value === undefined)
        throw new HclError(`${JSON.stringify(text)} is neither true nor false`)
      return value
    }
    case 'number':
      return numberOf(text)
    case 'list':
      return fieldsOf(text).map((one) => readTyped(one, type.element))
    case 'set':
      return setOf(fieldsOf(text).map((one) => readTyped(one, type.element)))
    case 'tuple':
      return convert(fieldsOf(text), type)
    case 'map':
      return mapOf(
        fieldsOf(text).map((field) => {
          const at = field.indexOf(':')
          if (at === -1) throw new HclError(`${field} is no NAME:VALUE`)
          return [field.slice(0, at), readTyped(field.slice(at + 1), type.element)]
        }),
      )
    case 'object':
      throw new HclError('an object from outside is JSON, in the variable with _JSON at its end')
  }
}

function fieldsOf(text: string): readonly string[] {
  const fields = splitCsv(text)
  if (fields === undefined) throw new HclError('a quote in its value from outside is not closed')
  return fields
}

/** Checks the `validation` blocks of a variable. Throws `HclError` with the message of the file. */
export function validate(block: Block, scope: Scope): void {
  for (const rule of block.body.blocks) {
    if (rule.type !== 'validation') continue
    const condition = rule.body.attributes.get('condition')?.value
    if (condition === undefined) throw new HclError('a validation has no condition', rule.at)
    if (boolOf(evaluate(condition, scope), condition.at)) continue
    const message = rule.body.attributes.get('error_message')?.value
    const text = message === undefined ? '' : textOf(evaluate(message, scope), message.at)
    throw new HclError(text === '' ? 'a validation failed' : text, condition.at)
  }
}

/** Describes a variable for a list. */
export function describeVariable(block: Block, scope: Scope, value: Value): BakeVariable {
  const { name, type } = declared(block, scope)
  const description = block.body.attributes.get('description')?.value
  return {
    name,
    description: description === undefined ? '' : textOf(evaluate(description, scope)),
    type: type === undefined ? '' : nameOf(type),
    value: value === null ? undefined : shownValue(value),
  }
}

const shownValue = (value: Value): string =>
  isList(value) || isMap(value) ? jsonOf(value) : textOf(value)
