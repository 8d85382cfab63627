import { HclError, type Place } from './hcl-error.ts'

/** A value of HCL. Lists, tuples and sets are arrays; maps and objects are maps, sorted by name. */
export type Value = null | string | number | boolean | readonly Value[] | ValueMap

export type ValueMap = ReadonlyMap<string, Value>

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

export const isMap = (value: Value): value is ValueMap => value instanceof Map

/** Makes a map whose names are in the order of HCL. A later entry replaces an earlier one. */
export function mapOf(entries: Iterable<readonly [string, Value]>): ValueMap {
  const last = new Map(entries)
  return new Map([...last].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The name of a value's type, for messages. */
export function typeName(value: Value): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'bool'
  if (isList(value)) return 'list'
  return isMap(value) ? 'object' : typeof value
}

export function isEqual(a: Value, b: Value): boolean {
  if (a === b) return true
  if (isList(a) && isList(b)) {
    return a.length === b.length && a.every((one, index) => isEqual(one, b[index] ?? null))
  }
  if (!isMap(a) || !isMap(b) || a.size !== b.size) return false
  return [...a].every(([name, one]) => b.has(name) && isEqual(one, b.get(name) ?? null))
}

/** Returns each value once, where it comes first. */
export function distinct(values: readonly Value[]): Value[] {
  return values.filter((one, index) => values.findIndex((other) => isEqual(other, one)) === index)
}

/** Formats a number as HCL does: never with an exponent. */
export function formatNumber(value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  return Number.isInteger(value)
    ? BigInt(value).toString()
    : value.toFixed(100).replace(/\.?0+$/, '')
}

/** Converts a scalar to a text. Throws for null, lists and objects. */
export function textOf(value: Value, at?: Place): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return formatNumber(value)
  if (typeof value === 'boolean') return String(value)
  throw new HclError(`expected a string, not ${typeName(value)}`, at)
}

/** Converts a number, or a text of one. Throws for other values. */
export function numberOf(value: Value, at?: Place): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) {
    return Number(value)
  }
  throw new HclError(`expected a number, not ${describe(value)}`, at)
}

/** Converts true, false, and their texts. Throws for other values. */
export function boolOf(value: Value, at?: Place): boolean {
  if (typeof value === 'boolean') return value
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw new HclError(`expected true or false, not ${describe(value)}`, at)
}

export function listOf(value: Value, at?: Place): readonly Value[] {
  if (isList(value)) return value
  throw new HclError(`expected a list, not ${typeName(value)}`, at)
}

function describe(value: Value): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeName(value)
}

/** Returns the value as plain data of JSON. */
export function toPlain(value: Value): unknown {
  if (isList(value)) return value.map(toPlain)
  if (!isMap(value)) return value
  return Object.fromEntries([...value].map(([name, one]) => [name, toPlain(one)]))
}

/** Returns data of JSON as a value. */
export function fromPlain(data: unknown): Value {
  if (data === null || typeof data === 'string' || typeof data === 'boolean') return data
  if (typeof data === 'number') return data
  if (Array.isArray(data)) return data.map(fromPlain)
  if (typeof data !== 'object') return null
  return mapOf(Object.entries(data).map(([name, one]) => [name, fromPlain(one)]))
}
