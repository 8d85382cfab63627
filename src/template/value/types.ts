import type { ByteText } from '../text/utf8.ts'
import { type IntegerKind, isIntegerKind } from './integers.ts'

/**
 * The type of a value, as a Go program would have declared it. Templates show types in
 * errors and by `%T`, and decide by them which functions take which values.
 */
export type Type =
  | BasicType
  | IntegerType
  | ListType
  | MapType
  | StructType
  | PointerType
  | InterfaceType

export interface BasicType {
  readonly kind: 'bool' | 'string' | 'float64' | 'complex128'
  /** `string`, or the name of a declared type such as `json.Number`. */
  readonly name: string
  /** Returns what is printed for a text, if it is not the text itself. JSON has the text. */
  readonly shown?: ((text: ByteText) => ByteText) | undefined
}

export interface IntegerType {
  readonly kind: IntegerKind
  readonly name: string
}

export interface ListType {
  readonly kind: 'slice'
  /** `[]string` */
  readonly name: string
  readonly element: Type
}

export interface MapType {
  readonly kind: 'map'
  /** `map[string]string` */
  readonly name: string
  readonly key: Type
  readonly element: Type
}

export interface StructType {
  readonly kind: 'struct'
  /** `container.State` */
  readonly name: string
  readonly fields: readonly Field[]
  /**
   * Returns what is printed for a value, if it is not the fields. JSON has the fields. `textOf`
   * returns the text of a field, which is empty for a field of another type.
   */
  readonly shown?: ((textOf: (field: string) => ByteText) => ByteText) | undefined
}

export interface Field {
  /** The name in templates. */
  readonly name: string
  readonly type: Type
  /** The name in JSON. */
  readonly json: string
  /** Not in JSON if it is empty. */
  readonly omitEmpty?: boolean | undefined
  /** A struct whose fields also are fields of this struct. In JSON they are fields of this struct alone. */
  readonly isEmbedded?: boolean | undefined
}

export interface PointerType {
  readonly kind: 'pointer'
  /** `*container.State` */
  readonly name: string
  readonly element: Type
}

/** A value of any type. */
export interface InterfaceType {
  readonly kind: 'interface'
  readonly name: 'interface {}'
}

export const boolType: BasicType = { kind: 'bool', name: 'bool' }
export const stringType: BasicType = { kind: 'string', name: 'string' }
export const floatType: BasicType = { kind: 'float64', name: 'float64' }
export const complexType: BasicType = { kind: 'complex128', name: 'complex128' }
export const intType: IntegerType = { kind: 'int', name: 'int' }
export const byteType: IntegerType = { kind: 'uint8', name: 'uint8' }
export const anyType: InterfaceType = { kind: 'interface', name: 'interface {}' }
/** A number of a JSON document: shown as it was written. */
export const jsonNumberType: BasicType = { kind: 'string', name: 'json.Number' }

export function listOf(element: Type): ListType {
  return { kind: 'slice', name: `[]${element.name}`, element }
}

export function mapOf(key: Type, element: Type): MapType {
  return { kind: 'map', name: `map[${key.name}]${element.name}`, key, element }
}

export function pointerTo(element: Type): PointerType {
  return { kind: 'pointer', name: `*${element.name}`, element }
}

/** Reports whether a variable of type `to` can hold a value of type `from`. */
export function isAssignable(from: Type, to: Type): boolean {
  if (to.kind === 'interface' || from.name === to.name) return true
  // A declared name may be left out on one side: a `[]string` is a `strslice.StrSlice`.
  if (from.kind !== to.kind || (isDeclared(from) && isDeclared(to))) return false
  return isComposite(from) && underlying(from) === underlying(to)
}

function isComposite(type: Type): boolean {
  return type.kind === 'slice' || type.kind === 'map'
}

/** Basic types, structs, and types with a package in front of their name have been declared. */
function isDeclared(type: Type): boolean {
  return isComposite(type) ? /^\w/.test(type.name) && !type.name.startsWith('map[') : true
}

function underlying(type: Type): string {
  if (type.kind === 'slice') return listOf(type.element).name
  return type.kind === 'map' ? mapOf(type.key, type.element).name : type.name
}

export function isIntegerType(type: Type): type is IntegerType {
  return isIntegerKind(type.kind)
}
