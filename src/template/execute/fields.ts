import { memberOf } from '../functions/elements.ts'
import { isAssignable, type StructType, stringType } from '../value/types.ts'
import { fieldOf, indirect, type Method, type Optional } from '../value/value.ts'
import type { State } from './state.ts'

/** What follows a field: arguments make it the call of a method. */
export interface FieldCall {
  readonly hasArguments: boolean
  readonly callMethod: (name: string, method: Method) => Optional
}

/** Evaluates `receiver.name`. */
export function evaluateField(
  state: State,
  receiver: Optional,
  name: string,
  call: FieldCall,
): Optional {
  if (receiver === undefined) {
    const isError = state.execution.missingKey === 'error'
    return isError ? state.fail(`nil data; no entry for key "${name}"`) : undefined
  }
  const typeName = receiver.type.name
  const value = indirect(receiver)
  const method =
    value?.kind === 'struct' || value?.kind === 'map' ? value.methods?.get(name) : undefined
  if (method !== undefined) return call.callMethod(name, method)
  switch (value?.kind) {
    case 'interface':
      return state.fail(`nil pointer evaluating ${typeName}.${name}`)
    case 'struct': {
      const field = fieldOf(value, name)
      if (field === undefined) break
      if (call.hasArguments) {
        state.fail(`${name} has arguments but cannot be invoked as function`)
      }
      return field
    }
    case 'map':
      if (!isAssignable(stringType, value.type.key)) break
      if (call.hasArguments) state.fail(`${name} is not a method but has arguments`)
      return memberOf(value, name) ?? missingMember(state, name)
    case 'pointer': {
      const { element } = value.type
      const isUnknown = element.kind === 'struct' && !hasField(element, name)
      if (!isUnknown) state.fail(`nil pointer evaluating ${typeName}.${name}`)
    }
  }
  return state.fail(`can't evaluate field ${name} in type ${typeName}`)
}

/** Reports whether a struct, or one that is embedded in it, has a field. */
function hasField({ fields }: StructType, name: string): boolean {
  return fields.some(
    (field) =>
      field.name === name ||
      (field.isEmbedded && field.type.kind === 'struct' && hasField(field.type, name)),
  )
}

function missingMember(state: State, name: string): Optional {
  if (state.execution.missingKey === 'no value') return undefined
  return state.fail(`map has no entry for key "${name}"`)
}
