import { CallError } from '../value/function.ts'
import { wrapInteger } from '../value/integers.ts'
import { intValue, zeroOf } from '../value/make.ts'
import { byteType, isAssignable, isIntegerType } from '../value/types.ts'
import {
  canBeNil,
  content,
  indirect,
  isNil,
  type MapValue,
  type Optional,
  type Value,
} from '../value/value.ts'

/** `index x 1 2`: `x[1][2]`. A map without the key returns the zero value of its elements. */
export function index([collection, ...keys]: readonly Optional[]): Optional {
  let item = content(collection)
  if (item === undefined) throw new CallError('index of untyped nil')
  for (const key of keys.map(content)) {
    item = indirect(item)
    if (item === undefined || isNilReference(item)) throw new CallError('index of nil pointer')
    item = element(item, key)
  }
  return item
}

function isNilReference(value: Value): boolean {
  return (value.kind === 'pointer' || value.kind === 'interface') && isNil(value)
}

function element(collection: Value, key: Optional): Value {
  if (collection.kind === 'map') return mapElement(collection, key)
  const isText = collection.kind === 'string'
  if (!isText && collection.kind !== 'list') {
    throw new CallError(`can't index item of type ${collection.type.name}`)
  }
  const length = isText ? collection.text.length : collection.items.length
  const at = position(key, length)
  // Go's reflection makes this error, because a position at the end passes the check above.
  if (at === length) {
    throw new CallError(`reflect: ${isText ? 'string' : 'slice'} index out of range`)
  }
  if (isText) {
    return { kind: 'integer', type: byteType, integer: BigInt(collection.text.charCodeAt(at)) }
  }
  const item = collection.items[at]
  if (item === undefined) throw new CallError('reflect: slice index out of range')
  return item
}

function mapElement({ type, entries }: MapValue, given: Optional): Value {
  const key = mapKey(type.key, given)
  const found = entries.find(([known]) => isSameKey(known, key))
  return found === undefined ? zeroOf(type.element) : found[1]
}

/** Returns the value of `.key` in a map, or `undefined` without such a key. */
export function memberOf({ entries }: MapValue, name: string): Value | undefined {
  return entries.find(([key]) => key.kind === 'string' && key.text === name)?.[1]
}

function isSameKey(a: Value, b: Value): boolean {
  if (a.kind === 'string' && b.kind === 'string') return a.text === b.text
  return a.kind === 'integer' && b.kind === 'integer' && a.integer === b.integer
}

function mapKey(wanted: MapValue['type']['key'], key: Optional): Value {
  if (key === undefined) {
    if (canBeNil(wanted)) return zeroOf(wanted)
    throw new CallError(`value is nil; should be of type ${wanted.name}`)
  }
  if (isAssignable(key.type, wanted)) return key
  if (key.kind === 'integer' && isIntegerType(wanted)) {
    return { kind: 'integer', type: wanted, integer: wrapInteger(wanted.kind, key.integer) }
  }
  throw new CallError(`value has type ${key.type.name}; should be ${wanted.name}`)
}

function position(key: Optional, most: number): number {
  if (key === undefined) throw new CallError('cannot index slice/array with nil')
  if (key.kind !== 'integer') {
    throw new CallError(`cannot index slice/array with type ${key.type.name}`)
  }
  if (key.integer < 0n || key.integer > BigInt(most)) {
    throw new CallError(`index out of range: ${key.integer}`)
  }
  return Number(key.integer)
}

/** `slice x 1 2`: `x[1:2]`. */
export function slice([given, ...positions]: readonly Optional[]): Optional {
  const collection = content(given)
  if (collection === undefined) throw new CallError('slice of untyped nil')
  const item = indirect(collection)
  if (item === undefined || isNilReference(item)) throw new CallError('slice of nil pointer')
  if (positions.length > 3) throw new CallError(`too many slice indexes: ${positions.length}`)
  if (item.kind !== 'string' && item.kind !== 'list') {
    throw new CallError(`can't slice item of type ${item.type.name}`)
  }
  if (item.kind === 'string' && positions.length === 3) {
    throw new CallError('cannot 3-index slice a string')
  }
  const length = item.kind === 'string' ? item.text.length : item.items.length
  const [start = 0, end = length, capacity = length] = positions.map((at) => position(at, length))
  if (start > end) throw new CallError(`invalid slice index: ${start} > ${end}`)
  if (end > capacity) throw new CallError(`invalid slice index: ${end} > ${capacity}`)
  return item.kind === 'string'
    ? { ...item, text: item.text.slice(start, end) }
    : { ...item, items: item.items.slice(start, end) }
}

/** `len x`: bytes of a text, items of a list, entries of a map. */
export function length([given]: readonly Optional[]): Optional {
  const item = indirect(given)
  if (item === undefined || isNilReference(item)) {
    // Go's reflection words the first of these: it asks no value for its type.
    throw new CallError(
      item === undefined
        ? 'reflect: call of reflect.Value.Type on zero Value'
        : 'len of nil pointer',
    )
  }
  if (item.kind === 'string') return intValue(item.text.length)
  if (item.kind === 'list') return intValue(item.items.length)
  if (item.kind === 'map') return intValue(item.entries.length)
  throw new CallError(`len of type ${item.type.name}`)
}
