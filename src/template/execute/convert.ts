import { zeroOf } from '../value/make.ts'
import { isAssignable } from '../value/types.ts'
import { canBeNil, type Optional, type Parameter } from '../value/value.ts'
import type { State } from './state.ts'

/** Returns a value as an argument for a parameter, or fails if its type does not fit. */
export function convertArgument(state: State, value: Optional, parameter: Parameter): Optional {
  if (parameter === 'value') return value
  if (value === undefined) {
    if (canBeNil(parameter)) return zeroOf(parameter)
    return state.fail(`invalid value; expected ${parameter.name}`)
  }
  if (isAssignable(value.type, parameter)) return value
  if (value.kind === 'interface' && value.content !== undefined) {
    const { content } = value
    if (isAssignable(content.type, parameter)) return content
    return state.fail(wrongType(parameter.name, content.type.name))
  }
  if (value.kind === 'pointer' && isAssignable(value.type.element, parameter)) {
    return value.target ?? state.fail(`dereference of nil pointer of type ${parameter.name}`)
  }
  return state.fail(wrongType(parameter.name, value.type.name))
}

function wrongType(expected: string, got: string): string {
  return `wrong type for value; expected ${expected}; got ${got}`
}
