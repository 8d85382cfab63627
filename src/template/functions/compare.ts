import { printf } from '../print/printf.ts'
import { CallError, type Charge } from '../value/function.ts'
import { isSigned } from '../value/integers.ts'
import { stringValue } from '../value/make.ts'
import { content, type Optional, type Value } from '../value/value.ts'

type Class = 'bool' | 'complex' | 'int' | 'uint' | 'float' | 'string' | undefined

/** The classes of values that can be compared; a map, for example, has none. */
function classOf(value: Optional): Class {
  switch (value?.kind) {
    case 'integer':
      return isSigned(value.type.kind) ? 'int' : 'uint'
    case 'bool':
    case 'complex':
    case 'float':
    case 'string':
      return value.kind
    default:
      return undefined
  }
}

/** Whether the first value is equal to one of the others. */
export function equal(args: readonly Optional[], charge: Charge): boolean {
  const [first, ...others] = args.map(content)
  if (others.length === 0) throw new CallError('missing argument for comparison')
  return others.some((other) => equalPair(first, other, charge))
}

function equalPair(a: Optional, b: Optional, charge: Charge): boolean {
  if (a?.kind === 'integer' && b?.kind === 'integer') return a.integer === b.integer
  const isBasic = classOf(a) !== undefined || classOf(b) !== undefined
  if (isBasic && classOf(a) !== classOf(b)) {
    if (a !== undefined && b !== undefined) throw incompatible(a, b)
    return false
  }
  if (a === undefined || b === undefined) return isNilOrAbsent(a) && isNilOrAbsent(b)
  if (classOf(a) === undefined && a.kind !== b.kind) {
    const words = [a, stringValue(a.type.name), stringValue(b.type.name), b]
    throw new CallError(printf('non-comparable types %s: %s, %s: %v', words, charge))
  }
  if (isNilOrAbsent(a) || isNilOrAbsent(b)) return isNilOrAbsent(a) === isNilOrAbsent(b)
  if (!isComparable(b)) {
    throw new CallError(printf('non-comparable type %s: %s', [b, stringValue(b.type.name)], charge))
  }
  return isSame(a, b)
}

function isNilOrAbsent(value: Optional): boolean {
  if (value === undefined) return true
  if (value.kind === 'list' || value.kind === 'map') return value.isNil
  return value.kind === 'pointer' && value.target === undefined
}

function isComparable(value: Value): boolean {
  if (value.kind === 'struct') return value.values.every(isComparable)
  return value.kind !== 'list' && value.kind !== 'map'
}

function isSame(a: Value, b: Value): boolean {
  if (a.type.name !== b.type.name && classOf(a) === undefined) return false
  if (a.kind === 'bool' && b.kind === 'bool') return a.bool === b.bool
  if (a.kind === 'string' && b.kind === 'string') return a.text === b.text
  if (a.kind === 'integer' && b.kind === 'integer') return a.integer === b.integer
  if (a.kind === 'float' && b.kind === 'float') return a.float === b.float
  if (a.kind === 'complex' && b.kind === 'complex') {
    return a.real === b.real && a.imaginary === b.imaginary
  }
  if (a.kind === 'struct' && b.kind === 'struct') {
    return a.values.every((value, index) => {
      const other = b.values[index]
      return other !== undefined && isSame(value, other)
    })
  }
  if (a.kind === 'interface' && b.kind === 'interface') {
    const [inner, other] = [a.content, b.content]
    return inner === undefined || other === undefined ? inner === other : isSame(inner, other)
  }
  // Pointers are equal if they point to the same value.
  return a.kind === 'pointer' && b.kind === 'pointer' && a.target === b.target
}

/** Whether the first value is less than the second. */
export function less(args: readonly Optional[]): boolean {
  const [a, b] = args.map(content)
  if (a === undefined || b === undefined || !classOf(a) || !classOf(b)) throw badType()
  if (a.kind === 'integer' && b.kind === 'integer') return a.integer < b.integer
  if (classOf(a) !== classOf(b)) throw incompatible(a, b)
  if (a.kind === 'float' && b.kind === 'float') return a.float < b.float
  if (a.kind === 'string' && b.kind === 'string') return a.text < b.text
  throw badType()
}

function badType(): CallError {
  return new CallError('invalid type for comparison')
}

function incompatible(a: Value, b: Value): CallError {
  return new CallError(`incompatible types for comparison: ${a.type.name} and ${b.type.name}`)
}
