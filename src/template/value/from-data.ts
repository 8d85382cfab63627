import { toBytes } from '../text/utf8.ts'
import { wrapInteger } from './integers.ts'
import { zeroOf } from './make.ts'
import {
  anyType,
  boolType,
  isIntegerType,
  jsonNumberType,
  listOf,
  type MapType,
  mapOf,
  type StructType,
  stringType,
  type Type,
} from './types.ts'
import type { Value } from './value.ts'

/**
 * Makes a value of a declared type of plain data in the shape of its JSON. Absent and
 * null members have the zero value of their type. Throws `TypeError` for data of another shape.
 */
export function typedValue(type: Type, data: unknown): Value {
  if (data === undefined || data === null) return zeroOf(type)
  if (isIntegerType(type)) {
    if (typeof data !== 'number' && typeof data !== 'bigint') throw mismatch(type)
    const integer = typeof data === 'bigint' ? data : BigInt(Math.trunc(data))
    return { kind: 'integer', type, integer: wrapInteger(type.kind, integer) }
  }
  switch (type.kind) {
    case 'bool':
      if (typeof data === 'boolean') return { kind: 'bool', type, bool: data }
      break
    case 'string':
      if (typeof data === 'string') return { kind: 'string', type, text: toBytes(data) }
      break
    case 'float64':
      if (typeof data === 'number') return { kind: 'float', type, float: data }
      break
    case 'slice':
      if (!Array.isArray(data)) break
      return {
        kind: 'list',
        type,
        items: data.map((item) => typedValue(type.element, item)),
        isNil: false,
      }
    case 'map':
      if (typeof data === 'object') return mapValue(type, data)
      break
    case 'struct':
      if (typeof data === 'object') return structValue(type, data)
      break
    case 'pointer':
      return { kind: 'pointer', type, target: typedValue(type.element, data) }
    case 'interface':
      return { kind: 'interface', type, content: documentValue(data) }
  }
  throw mismatch(type)
}

function mismatch(type: Type): TypeError {
  return new TypeError(`data that is no ${type.name}`)
}

function structValue(type: StructType, data: object): Value {
  const members = new Map(Object.entries(data))
  const values = type.fields.map((field) =>
    typedValue(field.type, field.isEmbedded ? data : members.get(field.json)),
  )
  return { kind: 'struct', type, values }
}

function mapValue(type: MapType, data: object): Value {
  const entries = Object.entries(data).map(
    ([key, item]) => [keyOf(type.key, key), typedValue(type.element, item)] as const,
  )
  return { kind: 'map', type, entries: entries.sort(([a], [b]) => compareKeys(a, b)), isNil: false }
}

function keyOf(type: Type, key: string): Value {
  return typedValue(type, isIntegerType(type) ? BigInt(key) : key)
}

/** The order of map keys: by bytes, or by number. */
export function compareKeys(a: Value, b: Value): number {
  if (a.kind === 'string' && b.kind === 'string') {
    return a.text < b.text ? -1 : Number(a.text > b.text)
  }
  if (a.kind === 'integer' && b.kind === 'integer') {
    return a.integer < b.integer ? -1 : Number(a.integer > b.integer)
  }
  return 0
}

/**
 * Makes a value of JSON data, as Go decodes JSON without a type: objects are maps, and
 * numbers keep their text. Returns `undefined` for null.
 */
export function documentValue(data: unknown): Value | undefined {
  switch (typeof data) {
    case 'boolean':
      return { kind: 'bool', type: boolType, bool: data }
    case 'string':
      return { kind: 'string', type: stringType, text: toBytes(data) }
    case 'number':
    case 'bigint':
      return { kind: 'string', type: jsonNumberType, text: String(data) }
    case 'object':
      if (data === null) return undefined
      return Array.isArray(data)
        ? typedValue(listOf(anyType), data)
        : mapValue(mapOf(stringType, anyType), definedMembers(data))
    default:
      return undefined
  }
}

/** JSON has no members that are undefined. */
function definedMembers(data: object): object {
  return Object.fromEntries(Object.entries(data).filter(([, member]) => member !== undefined))
}
