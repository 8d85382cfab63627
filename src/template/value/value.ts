import type { ByteText } from '../text/utf8.ts'
import type {
  BasicType,
  IntegerType,
  InterfaceType,
  ListType,
  MapType,
  PointerType,
  StructType,
  Type,
} from './types.ts'

/** A typed value. What a template cannot find is `undefined` instead. */
export type Value =
  | BoolValue
  | StringValue
  | IntegerValue
  | FloatValue
  | ComplexValue
  | ListValue
  | MapValue
  | StructValue
  | PointerValue
  | InterfaceValue

/** A value, or `undefined` for the untyped nil of a template. */
export type Optional = Value | undefined

/** The type of a parameter; `value` takes everything as it is, nil included. */
export type Parameter = Type | 'value'

/** The parameters of a function or method. */
export interface Signature {
  /** Parameters that must be given. */
  readonly fixed: readonly Parameter[]
  /** The type of any number of further parameters. */
  readonly rest?: Parameter | undefined
}

/** A method of a struct or map: a field that takes arguments. */
export interface Method extends Signature {
  call(args: readonly Optional[]): Optional
}

export interface BoolValue {
  readonly kind: 'bool'
  readonly type: BasicType
  readonly bool: boolean
}

export interface StringValue {
  readonly kind: 'string'
  readonly type: BasicType
  readonly text: ByteText
}

export interface IntegerValue {
  readonly kind: 'integer'
  readonly type: IntegerType
  readonly integer: bigint
}

export interface FloatValue {
  readonly kind: 'float'
  readonly type: BasicType
  readonly float: number
}

export interface ComplexValue {
  readonly kind: 'complex'
  readonly type: BasicType
  readonly real: number
  readonly imaginary: number
}

export interface ListValue {
  readonly kind: 'list'
  readonly type: ListType
  readonly items: readonly Value[]
  readonly isNil: boolean
}

export interface MapValue {
  readonly kind: 'map'
  readonly type: MapType
  /** In the order of the keys. */
  readonly entries: readonly (readonly [Value, Value])[]
  readonly isNil: boolean
  readonly methods?: ReadonlyMap<string, Method> | undefined
}

export interface StructValue {
  readonly kind: 'struct'
  readonly type: StructType
  /** In the order of the fields of the type. */
  readonly values: readonly Value[]
  readonly methods?: ReadonlyMap<string, Method> | undefined
}

export interface PointerValue {
  readonly kind: 'pointer'
  readonly type: PointerType
  /** `undefined` for nil. */
  readonly target: Value | undefined
}

export interface InterfaceValue {
  readonly kind: 'interface'
  readonly type: InterfaceType
  /** `undefined` for nil. */
  readonly content: Value | undefined
}

/** Returns the value of a field, which may be a field of an embedded struct. */
export function fieldOf({ type, values }: StructValue, name: string): Value | undefined {
  const own = values[type.fields.findIndex((field) => field.name === name)]
  if (own !== undefined) return own
  for (const [index, { isEmbedded }] of type.fields.entries()) {
    const inner = isEmbedded ? values[index] : undefined
    const found = inner?.kind === 'struct' ? fieldOf(inner, name) : undefined
    if (found !== undefined) return found
  }
  return undefined
}

/** Reports whether a type has a place for nil. */
export function canBeNil({ kind }: { readonly kind: string }): boolean {
  return kind === 'slice' || kind === 'map' || kind === 'pointer' || kind === 'interface'
}

/** Reports whether a value is nil, or absent. */
export function isNil(value: Value | undefined): boolean {
  switch (value?.kind) {
    case undefined:
      return true
    case 'list':
    case 'map':
      return value.isNil
    case 'pointer':
      return value.target === undefined
    case 'interface':
      return value.content === undefined
    default:
      return false
  }
}

/** Returns the value in an interface value, and any other value itself. */
export function content(value: Value | undefined): Value | undefined {
  return value?.kind === 'interface' ? value.content : value
}

/** Follows pointers and interfaces to a value, or to the nil among them. */
export function indirect(value: Value | undefined): Value | undefined {
  let current = value
  while (current?.kind === 'pointer' || current?.kind === 'interface') {
    const next: Value | undefined = current.kind === 'pointer' ? current.target : current.content
    if (next === undefined) return current
    current = next
  }
  return current
}

/** The truth of a value in `if`, `and` and `not`: false for zero, empty and nil. */
export function isTrue(value: Value | undefined): boolean {
  switch (value?.kind) {
    case undefined:
      return false
    case 'bool':
      return value.bool
    case 'string':
      return value.text !== ''
    case 'integer':
      return value.integer !== 0n
    case 'float':
      return value.float !== 0
    case 'complex':
      return value.real !== 0 || value.imaginary !== 0
    case 'list':
      return value.items.length > 0
    case 'map':
      return value.entries.length > 0
    case 'struct':
      return true
    case 'pointer':
      return value.target !== undefined
    case 'interface':
      return value.content !== undefined
  }
}
