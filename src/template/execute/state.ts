import { TemplateError } from '../error.ts'
import { formatNode } from '../syntax/format-node.ts'
import type { CommandNode, Node, Operand, TemplateSet } from '../syntax/node.ts'
import { quote } from '../text/quote.ts'
import type { ByteText } from '../text/utf8.ts'
import type { TemplateFunction } from '../value/function.ts'
import type { Optional } from '../value/value.ts'
import type { Budget } from './limits.ts'

/** What all templates of one execution share. */
export interface Execution {
  readonly set: TemplateSet
  readonly functions: ReadonlyMap<string, TemplateFunction>
  readonly missingKey: 'no value' | 'error'
  readonly budget: Budget
  /** Called with what actions print. */
  readonly show: (text: ByteText) => ByteText
  written: ByteText
  /** Blocks and templates around the node that is executed. */
  depth: number
}

interface Variable {
  readonly name: string
  value: Optional
}

/** Where an execution stands: its template, its variables, and the node that errors name. */
export class State {
  readonly execution: Execution
  readonly templateName: ByteText
  readonly #variables: Variable[]
  #node: Node | Operand | CommandNode | undefined

  constructor(execution: Execution, templateName: ByteText, dot: Optional) {
    this.execution = execution
    this.templateName = templateName
    this.#variables = [{ name: '$', value: dot }]
  }

  /** Errors from now on name this node. */
  at(node: Node | Operand | CommandNode): void {
    this.#node = node
  }

  write(text: ByteText): void {
    this.execution.budget.charge(text.length)
    this.execution.written += text
  }

  declare(name: string, value: Optional): void {
    this.#variables.push({ name, value })
  }

  /** The number of variables, to which `forget` returns. */
  mark(): number {
    return this.#variables.length
  }

  forget(mark: number): void {
    this.#variables.length = mark
  }

  assign(name: string, value: Optional): void {
    this.#find(name).value = value
  }

  /** Changes the variable that was declared last, or the one before it. */
  assignTop(fromTop: 1 | 2, value: Optional): void {
    const variable = this.#variables.at(-fromTop)
    if (variable !== undefined) variable.value = value
  }

  lookUp(name: string): Optional {
    return this.#find(name).value
  }

  #find(name: string): Variable {
    return (
      this.#variables.findLast((variable) => variable.name === name) ??
      this.fail(`undefined variable: ${name}`)
    )
  }

  /** Throws an error that names the place and the node. */
  fail(message: string): never {
    const { set, written } = this.execution
    const prefix = `template: ${set.name}`
    if (this.#node === undefined) throw new TemplateError(`${prefix}: ${message}`, { written })
    const before = set.text.slice(0, this.#node.at).split('\n')
    const place = `${before.length}:${before.at(-1)?.length ?? 0}`
    const context = `executing ${quote(this.templateName)} at <${formatNode(this.#node)}>`
    throw new TemplateError(`${prefix}:${place}: ${context}: ${message}`, { written })
  }
}
