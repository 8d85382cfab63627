import { formatNode } from '../syntax/format-node.ts'
import type { NumberNode, Operand } from '../syntax/node.ts'
import { isSigned } from '../value/integers.ts'
import { boolValue, complexValue, floatValue, intValue, stringValue } from '../value/make.ts'
import { isIntegerType } from '../value/types.ts'
import type { Optional, Parameter, Value } from '../value/value.ts'
import type { State } from './state.ts'

/** Returns a constant as an argument for a parameter, or fails if its type does not fit. */
export function convertConstant(state: State, node: Operand, parameter: Parameter): Optional {
  state.at(node)
  if (parameter === 'value' || parameter.kind === 'interface') return untyped(state, node)
  if (isIntegerType(parameter)) {
    const signed = isSigned(parameter.kind)
    const integer = node.kind !== 'number' ? undefined : signed ? node.int : node.uint
    if (integer !== undefined) return { kind: 'integer', type: parameter, integer }
    return expected(state, signed ? 'integer' : 'unsigned integer', node)
  }
  switch (parameter.kind) {
    case 'bool':
      if (node.kind !== 'bool') return expected(state, 'bool', node)
      return { kind: 'bool', type: parameter, bool: node.bool }
    case 'string':
      if (node.kind !== 'string') return expected(state, 'string', node)
      return { kind: 'string', type: parameter, text: node.text }
    case 'float64':
      if (node.kind !== 'number' || node.float === undefined) {
        return expected(state, 'float', node)
      }
      return { kind: 'float', type: parameter, float: node.float }
    default:
      return state.fail(`can't handle ${formatNode(node)} for arg of type ${parameter.name}`)
  }
}

function expected(state: State, what: string, node: Operand): never {
  return state.fail(`expected ${what}; found ${formatNode(node)}`)
}

function untyped(state: State, node: Operand): Value {
  switch (node.kind) {
    case 'bool':
      return boolValue(node.bool)
    case 'string':
      return stringValue(node.text)
    case 'number':
      return numberValue(state, node)
    default:
      return state.fail(
        `can't handle assignment of ${formatNode(node)} to empty interface argument`,
      )
  }
}

/** The value of a number without a type around it: how it is written decides its type. */
export function numberValue(state: State, node: NumberNode): Value {
  state.at(node)
  const { text, complex, float, int } = node
  if (complex !== undefined) return complexValue(complex.real, complex.imaginary)
  const isHex = /^0[xX][^pP]+$/.test(text)
  const isFloat = /[.eEpP]/.test(text) && !isHex && !text.startsWith("'")
  if (float !== undefined && isFloat) return floatValue(float)
  return int === undefined ? state.fail(`${text} overflows int`) : intValue(int)
}
