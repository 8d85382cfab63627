import { noFlags } from '../print/flags.ts'
import { print, shownValue } from '../print/print.ts'
import { Printer } from '../print/printer.ts'
import type { ActionNode, BranchNode, Node, TemplateNode } from '../syntax/node.ts'
import { quote } from '../text/quote.ts'
import { intValue } from '../value/make.ts'
import { content, indirect, isTrue, type Optional, type Value } from '../value/value.ts'
import { evaluatePipe } from './evaluate.ts'
import { State } from './state.ts'

/** How a list of nodes ended. */
type Ending = 'done' | 'break' | 'continue'

/** Executes nodes one after the other. */
export function walk(state: State, dot: Optional, nodes: readonly Node[]): Ending {
  checkDepth(state)
  const { execution } = state
  execution.depth++
  const ending = walkNodes(state, dot, nodes)
  execution.depth--
  return ending
}

function checkDepth(state: State): void {
  const { budget, depth } = state.execution
  if (depth >= budget.depth) state.fail(`exceeded maximum template depth (${budget.depth})`)
}

function walkNodes(state: State, dot: Optional, nodes: readonly Node[]): Ending {
  for (const node of nodes) {
    state.execution.budget.step()
    state.at(node)
    const ending = walkNode(state, dot, node)
    if (ending !== 'done') return ending
  }
  return 'done'
}

function walkNode(state: State, dot: Optional, node: Node): Ending {
  switch (node.kind) {
    case 'text':
      state.write(node.text)
      return 'done'
    case 'action':
      walkAction(state, dot, node)
      return 'done'
    case 'break':
    case 'continue':
      return node.kind
    case 'if':
    case 'with':
      return walkBranch(state, dot, node)
    case 'range':
      return walkRange(state, dot, node)
    case 'template':
      walkTemplate(state, dot, node)
      return 'done'
  }
}

/** Prints the value of an action, unless a variable takes it. */
function walkAction(state: State, dot: Optional, node: ActionNode): void {
  const value = evaluatePipe(state, dot, node.pipe)
  if (node.pipe.variables.length > 0) return
  state.at(node)
  const { budget, show } = state.execution
  state.write(show(print([shownValue(value)], budget.charge)))
}

function walkBranch(state: State, dot: Optional, node: BranchNode): Ending {
  const mark = state.mark()
  const value = evaluatePipe(state, dot, node.pipe)
  let ending: Ending = 'done'
  if (isTrue(content(value))) {
    ending = walk(state, node.kind === 'with' ? value : dot, node.list)
  } else if (node.otherwise !== undefined) ending = walk(state, dot, node.otherwise)
  state.forget(mark)
  return ending
}

function walkRange(state: State, dot: Optional, node: BranchNode): Ending {
  const outer = state.mark()
  const value = indirect(evaluatePipe(state, dot, node.pipe))
  const mark = state.mark()
  let isEmpty = true
  for (const round of roundsOf(state, value, node)) {
    isEmpty = false
    state.execution.budget.step()
    setRangeVariables(state, node, round)
    const ending = walk(state, round.element, node.list)
    state.forget(mark)
    if (ending === 'break') break
  }
  if (isEmpty && node.otherwise !== undefined) {
    const ending = walk(state, dot, node.otherwise)
    state.forget(outer)
    return ending
  }
  state.forget(outer)
  return 'done'
}

interface Round {
  readonly index: Optional
  readonly element: Optional
}

function* roundsOf(state: State, value: Optional, { pipe }: BranchNode): Generator<Round> {
  if (value === undefined) return
  switch (value.kind) {
    case 'list':
      for (const [index, element] of value.items.entries()) {
        yield { index: intValue(index), element }
      }
      return
    case 'map':
      for (const [index, element] of value.entries) yield { index, element }
      return
    case 'integer':
      if (pipe.variables.length > 1) {
        const shown = describe(state, value)
        state.fail(`can't use ${shown} to iterate over more than one variable`)
      }
      for (let integer = 0n; integer < value.integer; integer++) {
        yield { index: undefined, element: { ...value, integer } }
      }
      return
    default:
      state.fail(`range can't iterate over ${describe(state, value)}`)
  }
}

function describe(state: State, value: Value): string {
  const printer = new Printer(state.execution.budget.charge)
  printer.printArgument(value, 'v', noFlags)
  return printer.text
}

/** One variable takes the element; of two the first takes the index or key. */
function setRangeVariables(state: State, { pipe }: BranchNode, { index, element }: Round): void {
  const [first, second] = pipe.variables
  if (first === undefined) return
  if (pipe.isAssignment) {
    state.assign(first.names[0], second === undefined ? element : index)
    if (second !== undefined) state.assign(second.names[0], element)
    return
  }
  state.assignTop(1, element)
  if (second !== undefined) state.assignTop(2, index)
}

/** Executes another template. It sees its own dot, and no variables of this one. */
function walkTemplate(state: State, dot: Optional, node: TemplateNode): void {
  const { execution } = state
  const nodes = execution.set.templates.get(node.name)
  if (nodes === undefined) {
    state.fail(`template ${quote(node.name)} not defined`)
    return
  }
  checkDepth(state)
  const inner = node.pipe === undefined ? undefined : evaluatePipe(state, dot, node.pipe)
  walk(new State(execution, node.name, inner), inner, nodes)
}
