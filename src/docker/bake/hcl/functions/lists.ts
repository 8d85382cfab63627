import { elementOf } from '../evaluate.ts'
import { HclError } from '../hcl-error.ts'
import { setOf } from '../types.ts'
import {
  distinct,
  isEqual,
  isList,
  isMap,
  listOf,
  mapOf,
  textOf,
  typeName,
  type Value,
} from '../value.ts'
import { define, defineMany, type FunctionTable } from './define.ts'

export const lists: FunctionTable = {
  chunklist: define(['list', 'number'], chunk),
  coalesce: defineMany('any', 1, (...values) => firstOf(values, (one) => one !== null)),
  coalescelist: defineMany('any', 1, (...values) =>
    firstOf(values, (one) => isList(one) && one.length > 0),
  ),
  compact: define(['list'], (list) => list.filter((one) => one !== null && one !== '')),
  concat: defineMany('list', 0, (...all) => all.flat()),
  contains: define(['any', 'any'], (list, value) =>
    listOf(list).some((one) => isEqual(one, value)),
  ),
  distinct: define(['list'], distinct),
  element: define(['list', 'number'], element),
  flatten: define(['list'], flatten),
  hasindex: define(['any', 'any'], hasElement),
  index: define(['any', 'any'], elementOf),
  indexof: define(['list', 'any'], indexOf),
  length: define(['any'], lengthOf),
  reverselist: define(['list'], (list) => list.toReversed()),
  slice: define(['list', 'number', 'number'], slice),
  sort: define(['texts'], (list) => list.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))),

  sethaselement: define(['list', 'any'], (set, value) => set.some((one) => isEqual(one, value))),
  setintersection: defineMany('list', 1, (first, ...others) =>
    setOf((first ?? []).filter((one) => others.every((other) => includes(other, one)))),
  ),
  setproduct: defineMany('list', 2, product),
  setsubtract: define(['list', 'list'], (a, b) => setOf(a.filter((one) => !includes(b, one)))),
  setsymmetricdifference: defineMany('list', 1, (...sets) =>
    sets.reduce((a, b) =>
      setOf([...a.filter((one) => !includes(b, one)), ...b.filter((one) => !includes(a, one))]),
    ),
  ),
  setunion: defineMany('list', 1, (...sets) => setOf(sets.flat())),

  keys: define(['any'], (map) => [...membersOf(map).keys()]),
  lookup: define(['any', 'text', 'any'], (map, name, usual) => membersOf(map).get(name) ?? usual),
  merge: defineMany('any', 1, (...maps) =>
    mapOf(maps.flatMap((map) => (map === null ? [] : [...membersOf(map)]))),
  ),
  values: define(['any'], (map) => [...membersOf(map).values()]),
  zipmap: define(['list', 'list'], zip),
}

const includes = (list: readonly Value[], value: Value): boolean =>
  list.some((one) => isEqual(one, value))

function membersOf(value: Value): ReadonlyMap<string, Value> {
  if (isMap(value)) return value
  throw new HclError(`expected an object, not ${typeName(value)}`)
}

function firstOf(values: readonly Value[], isWanted: (value: Value) => boolean): Value {
  const found = values.find(isWanted)
  if (found === undefined) throw new HclError('no argument has a value')
  return found
}

function chunk(list: readonly Value[], size: number): Value {
  if (size < 0) throw new HclError('the size is negative')
  if (size === 0) return list.length === 0 ? [] : [list]
  const count = Math.ceil(list.length / size)
  return Array.from({ length: count }, (_, index) => list.slice(index * size, (index + 1) * size))
}

/** An index beyond the end begins at the first element again. */
function element(list: readonly Value[], index: number): Value {
  if (list.length === 0) throw new HclError('the list is empty')
  return list[((index % list.length) + list.length) % list.length] ?? null
}

function flatten(list: readonly Value[]): readonly Value[] {
  return list.flatMap((one) => (isList(one) ? flatten(one) : [one]))
}

function hasElement(of: Value, key: Value): boolean {
  if (isMap(of)) return typeof key === 'string' && of.has(key)
  return isList(of) && typeof key === 'number' && of[key] !== undefined
}

function indexOf(list: readonly Value[], value: Value): number {
  const index = list.findIndex((one) => isEqual(one, value))
  if (index === -1) throw new HclError('the list does not have the value')
  return index
}

function lengthOf(value: Value): number {
  if (isList(value)) return value.length
  return membersOf(value).size
}

function slice(list: readonly Value[], start: number, end: number): readonly Value[] {
  if (start >= 0 && start <= end && end <= list.length) return list.slice(start, end)
  throw new HclError(`${start} to ${end} is no part of a list of ${list.length}`)
}

/** The most elements of a product. */
const mostElements = 100_000

function product(...sets: readonly (readonly Value[])[]): Value {
  const count = sets.reduce((sum, set) => sum * set.length, 1)
  if (count > mostElements) throw new HclError(`it has more than ${mostElements} elements`)
  return sets.reduce<readonly (readonly Value[])[]>(
    (rows, set) => rows.flatMap((row) => set.map((one) => [...row, one])),
    [[]],
  )
}

function zip(names: readonly Value[], values: readonly Value[]): Value {
  if (names.length !== values.length) throw new HclError('both lists need the same length')
  return mapOf(names.map((name, index) => [textOf(name), values[index] ?? null]))
}
