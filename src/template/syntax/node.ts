import type { ByteText } from '../text/utf8.ts'

/** The nodes of a template between its actions. */
export type Node =
  | TextNode
  | ActionNode
  | BranchNode
  | TemplateNode
  | { readonly kind: 'break'; readonly at: number }
  | { readonly kind: 'continue'; readonly at: number }

export interface TextNode {
  readonly kind: 'text'
  /** The position of the first byte in the template. */
  readonly at: number
  readonly text: ByteText
}

export interface ActionNode {
  readonly kind: 'action'
  readonly at: number
  readonly pipe: PipeNode
}

export interface BranchNode {
  readonly kind: 'if' | 'range' | 'with'
  readonly at: number
  readonly pipe: PipeNode
  readonly list: readonly Node[]
  readonly otherwise: readonly Node[] | undefined
}

export interface TemplateNode {
  readonly kind: 'template'
  readonly at: number
  readonly name: ByteText
  readonly pipe: PipeNode | undefined
}

/** Commands, each of which takes the result of the one before as its last argument. */
export interface PipeNode {
  readonly kind: 'pipe'
  readonly at: number
  /** The variables that take the result. */
  readonly variables: readonly VariableNode[]
  /** `=` instead of `:=`. */
  readonly isAssignment: boolean
  readonly commands: readonly CommandNode[]
}

export interface CommandNode {
  readonly kind: 'command'
  readonly at: number
  readonly operands: readonly [Operand, ...Operand[]]
}

export type Operand =
  | BoolNode
  | ChainNode
  | { readonly kind: 'dot'; readonly at: number }
  | { readonly kind: 'nil'; readonly at: number }
  | FieldNode
  | IdentifierNode
  | NumberNode
  | PipeNode
  | StringNode
  | VariableNode

export interface BoolNode {
  readonly kind: 'bool'
  readonly at: number
  readonly bool: boolean
}

/** `(pipe).Field.Field` */
export interface ChainNode {
  readonly kind: 'chain'
  readonly at: number
  readonly node: Operand
  readonly fields: readonly string[]
}

/** `.Field.Field` */
export interface FieldNode {
  readonly kind: 'field'
  readonly at: number
  readonly fields: readonly string[]
}

/** The name of a function. */
export interface IdentifierNode {
  readonly kind: 'identifier'
  readonly at: number
  readonly name: string
}

/** A constant, with its value in every type that can hold it. */
export interface NumberNode extends NumberConstant {
  readonly kind: 'number'
  readonly at: number
}

export interface NumberConstant {
  readonly text: ByteText
  readonly int?: bigint | undefined
  readonly uint?: bigint | undefined
  readonly float?: number | undefined
  readonly complex?: { readonly real: number; readonly imaginary: number } | undefined
}

export interface StringNode {
  readonly kind: 'string'
  readonly at: number
  /** As written, with quotes. */
  readonly quoted: ByteText
  readonly text: ByteText
}

/** `$name.Field.Field`; the first name has its `$`. */
export interface VariableNode {
  readonly kind: 'variable'
  readonly at: number
  readonly names: readonly [string, ...string[]]
}

/** The templates of one text by name; `''` or the name of the text is the outer one. */
export interface TemplateSet {
  readonly name: ByteText
  readonly text: ByteText
  readonly templates: ReadonlyMap<ByteText, readonly Node[]>
}
