import { builtins, calleeMark } from '../functions/builtins.ts'
import { formatNode } from '../syntax/format-node.ts'
import type { CommandNode, IdentifierNode, Operand, PipeNode } from '../syntax/node.ts'
import { quote } from '../text/quote.ts'
import { CallError } from '../value/function.ts'
import { boolValue, stringValue, zeroOf } from '../value/make.ts'
import {
  canBeNil,
  content,
  isTrue,
  type Optional,
  type Parameter,
  type Signature,
} from '../value/value.ts'
import { convertConstant, numberValue } from './constants.ts'
import { convertArgument } from './convert.ts'
import { evaluateField } from './fields.ts'
import type { State } from './state.ts'

/** The place in which an expression is evaluated. */
interface Scope {
  readonly state: State
  readonly dot: Optional
}

/** The arguments of a call: written ones, and the result of the command before it in the pipe. */
interface Arguments {
  readonly operands: readonly Operand[]
  readonly previous: readonly Optional[]
}

const noArguments: Arguments = { operands: [], previous: [] }

/** Evaluates a pipe and declares its variables. */
export function evaluatePipe(state: State, dot: Optional, pipe: PipeNode): Optional {
  state.execution.budget.step()
  state.at(pipe)
  let previous: readonly Optional[] = []
  for (const command of pipe.commands) {
    previous = [content(evaluateCommand({ state, dot }, command, previous))]
  }
  const [result] = previous
  for (const { names } of pipe.variables) {
    if (pipe.isAssignment) state.assign(names[0], result)
    else state.declare(names[0], result)
  }
  return result
}

function evaluateCommand(
  scope: Scope,
  command: CommandNode,
  previous: readonly Optional[],
): Optional {
  const { state, dot } = scope
  const [first, ...operands] = command.operands
  const args = { operands, previous }
  switch (first.kind) {
    case 'identifier':
      return evaluateFunction(scope, first, command, args)
    case 'field':
    case 'chain':
    case 'variable':
      return evaluateChain(scope, first, args)
    case 'pipe':
      refuseArguments(state, first, args)
      return evaluatePipe(state, dot, first)
  }
  state.at(first)
  refuseArguments(state, first, args)
  switch (first.kind) {
    case 'bool':
      return boolValue(first.bool)
    case 'dot':
      return dot
    case 'nil':
      return state.fail('nil is not a command')
    case 'number':
      return numberValue(state, first)
    case 'string':
      return stringValue(first.text)
  }
}

function refuseArguments(state: State, node: Operand, { operands, previous }: Arguments): void {
  if (operands.length + previous.length === 0) return
  state.fail(`can't give argument to non-function ${formatNode(node)}`)
}

/** Evaluates `.A.B`, `$x.A.B` and `(pipe).A.B`. Arguments belong to the last name. */
function evaluateChain(
  scope: Scope,
  node: Extract<Operand, { kind: 'field' | 'chain' | 'variable' }>,
  args: Arguments,
): Optional {
  const { state } = scope
  state.at(node)
  let receiver: Optional
  let names: readonly string[]
  if (node.kind === 'variable') {
    receiver = state.lookUp(node.names[0])
    names = node.names.slice(1)
    if (names.length === 0) refuseArguments(state, node, args)
  } else if (node.kind === 'chain') {
    if (node.node.kind === 'nil') {
      state.fail(`indirection through explicit nil in ${formatNode(node)}`)
    }
    receiver = evaluateArgument(scope, node.node, 'value')
    names = node.fields
  } else {
    receiver = scope.dot
    names = node.fields
  }
  for (const [index, name] of names.entries()) {
    const own = index === names.length - 1 ? args : noArguments
    receiver = evaluateField(state, receiver, name, {
      hasArguments: own.operands.length + own.previous.length > 0,
      callMethod: (called, method) =>
        evaluateCall(scope, { name: called, node, signature: method, call: method.call }, own),
    })
  }
  return receiver
}

function evaluateFunction(
  scope: Scope,
  identifier: IdentifierNode,
  node: CommandNode | IdentifierNode,
  args: Arguments,
): Optional {
  const { state } = scope
  const { functions, budget } = state.execution
  state.at(identifier)
  const { name } = identifier
  const own = functions.get(name)
  if (own === undefined && (name === 'and' || name === 'or'))
    return evaluateLogic(scope, name, args)
  const found = own ?? builtins.get(name)
  if (found === undefined) return state.fail(`${quote(name)} is not a defined function`)
  const call = (values: readonly Optional[]): Optional => found.call(values, budget.charge)
  return evaluateCall(scope, { name, node, signature: found, call }, args)
}

/** `and` and `or` return the argument that decides. Those after it are not evaluated. */
function evaluateLogic(scope: Scope, name: 'and' | 'or', args: Arguments): Optional {
  const { operands, previous } = args
  if (operands.length + previous.length === 0) {
    scope.state.fail(`wrong number of args for ${name}: want at least 1 got 0`)
  }
  let value: Optional
  for (const operand of operands) {
    value = content(evaluateArgument(scope, operand, 'value'))
    if (isTrue(value) === (name === 'or')) return value
  }
  return previous.length > 0 ? previous[0] : value
}

interface Callee {
  readonly name: string
  /** The node that errors of the call name. */
  readonly node: Operand | CommandNode
  readonly signature: Signature
  readonly call: (args: readonly Optional[]) => Optional
}

function evaluateCall(scope: Scope, callee: Callee, { operands, previous }: Arguments): Optional {
  const { state } = scope
  const { name, signature } = callee
  const { fixed, rest } = signature
  const count = operands.length + previous.length
  if (rest !== undefined && count < fixed.length) {
    state.fail(
      `wrong number of args for ${name}: want at least ${fixed.length} got ${operands.length}`,
    )
  } else if (rest === undefined && count !== fixed.length) {
    state.fail(`wrong number of args for ${name}: want ${fixed.length} got ${count}`)
  }
  const parameterAt = (index: number): Parameter => fixed[index] ?? rest ?? 'value'
  const values = operands.map((operand, index) =>
    evaluateArgument(scope, operand, parameterAt(index)),
  )
  for (const value of previous) {
    values.push(convertArgument(state, value, parameterAt(values.length)))
  }
  try {
    return callee.call(values)
  } catch (error) {
    if (!(error instanceof CallError)) throw error
    state.at(callee.node)
    const message = error.message.replace(calleeMark, () => calleeText(operands[0], values[0]))
    return state.fail(`error calling ${name}: ${message}`)
  }
}

function calleeText(operand: Operand | undefined, value: Optional): string {
  if (operand !== undefined) return formatNode(operand)
  return value?.kind === 'string' ? value.text : `<${value?.type.name} Value>`
}

function evaluateArgument(scope: Scope, node: Operand, parameter: Parameter): Optional {
  const { state, dot } = scope
  state.at(node)
  switch (node.kind) {
    case 'dot':
      return convertArgument(state, dot, parameter)
    case 'nil':
      if (parameter === 'value') return undefined
      if (canBeNil(parameter)) return zeroOf(parameter)
      return state.fail(`cannot assign nil to ${parameter.name}`)
    case 'field':
    case 'chain':
    case 'variable':
      return convertArgument(state, evaluateChain(scope, node, noArguments), parameter)
    case 'pipe':
      return convertArgument(state, evaluatePipe(state, dot, node), parameter)
    case 'identifier': {
      const value = evaluateFunction(scope, node, node, noArguments)
      return convertArgument(state, value, parameter)
    }
    default:
      return convertConstant(state, node, parameter)
  }
}
