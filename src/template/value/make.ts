import type { ByteText } from '../text/utf8.ts'
import {
  boolType,
  complexType,
  floatType,
  intType,
  isIntegerType,
  listOf,
  stringType,
  type Type,
} from './types.ts'
import type { Value } from './value.ts'

export function boolValue(bool: boolean): Value {
  return { kind: 'bool', type: boolType, bool }
}

export function stringValue(text: ByteText): Value {
  return { kind: 'string', type: stringType, text }
}

export function intValue(integer: bigint | number): Value {
  return { kind: 'integer', type: intType, integer: BigInt(integer) }
}

export function floatValue(float: number): Value {
  return { kind: 'float', type: floatType, float }
}

export function complexValue(real: number, imaginary: number): Value {
  return { kind: 'complex', type: complexType, real, imaginary }
}

export function stringList(texts: readonly ByteText[]): Value {
  return { kind: 'list', type: listOf(stringType), items: texts.map(stringValue), isNil: false }
}

/** The zero value of a type: 0, "", nil, or a struct of zero values. */
export function zeroOf(type: Type): Value {
  if (isIntegerType(type)) return { kind: 'integer', type, integer: 0n }
  switch (type.kind) {
    case 'bool':
      return { kind: 'bool', type, bool: false }
    case 'string':
      return { kind: 'string', type, text: '' }
    case 'float64':
      return { kind: 'float', type, float: 0 }
    case 'complex128':
      return { kind: 'complex', type, real: 0, imaginary: 0 }
    case 'slice':
      return { kind: 'list', type, items: [], isNil: true }
    case 'map':
      return { kind: 'map', type, entries: [], isNil: true }
    case 'struct':
      return { kind: 'struct', type, values: type.fields.map((field) => zeroOf(field.type)) }
    case 'pointer':
      return { kind: 'pointer', type, target: undefined }
    case 'interface':
      return { kind: 'interface', type, content: undefined }
  }
}
