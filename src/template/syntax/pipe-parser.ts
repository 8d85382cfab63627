import { quote } from '../text/quote.ts'
import { unquote } from '../text/unquote.ts'
import type { ByteText } from '../text/utf8.ts'
import { formatNode } from './format-node.ts'
import type { CommandNode, NumberConstant, Operand, PipeNode, VariableNode } from './node.ts'
import { parseCharacter, parseComplex, parseNumber } from './number.ts'
import type { Token, TokenKind } from './token.ts'
import type { TokenStream } from './token-stream.ts'

/** Go allows ten times as many levels. JavaScript's stack is smaller. */
const deepest = 1000

const operandKinds: ReadonlySet<TokenKind> = new Set<TokenKind>([
  'bool',
  'character',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'raw string',
  'string',
  'variable',
  'left parenthesis',
])

/** Parses pipelines, and remembers the variables that they declare. */
export class PipeParser {
  readonly #tokens: TokenStream
  readonly #hasFunction: (name: string) => boolean
  /** The variables that can be used at this place. */
  variables: string[] = ['$']
  #depth = 0

  constructor(tokens: TokenStream, hasFunction: (name: string) => boolean) {
    this.#tokens = tokens
    this.#hasFunction = hasFunction
  }

  /** Parses up to a token of kind `end`, which it takes too. */
  parsePipe(context: string, end: TokenKind): PipeNode {
    const tokens = this.#tokens
    const { at } = tokens.peekNonSpace()
    const { variables, isAssignment } = this.#parseVariables(context)
    const commands: CommandNode[] = []
    while (true) {
      const token = tokens.nextNonSpace()
      if (token.kind === end) break
      if (!operandKinds.has(token.kind)) tokens.unexpected(token, context)
      tokens.back()
      commands.push(this.#parseCommand())
    }
    if (commands.length === 0) tokens.fail(`missing value for ${context}`)
    for (const [index, { operands }] of commands.entries()) {
      const isConstant = ['bool', 'dot', 'nil', 'number', 'string'].includes(operands[0].kind)
      if (index > 0 && isConstant) {
        tokens.fail(`non executable command in pipeline stage ${index + 1}`)
      }
    }
    return { kind: 'pipe', at, variables, isAssignment, commands }
  }

  /** Parses `$x :=`, `$x =`, and `$i, $x :=` of a range. */
  #parseVariables(context: string): Pick<PipeNode, 'variables' | 'isAssignment'> {
    const tokens = this.#tokens
    const variables: VariableNode[] = []
    while (tokens.peekNonSpace().kind === 'variable') {
      const variable = tokens.next()
      const isSpaced = tokens.peek().kind === 'space'
      const next = tokens.peekNonSpace()
      const isComma = next.kind === 'char' && next.text === ','
      if (next.kind !== 'assign' && next.kind !== 'declare' && !isComma) {
        tokens.back(isSpaced ? 2 : 1)
        break
      }
      tokens.next()
      variables.push(variableNode(variable.at, variable.text))
      this.variables.push(variable.text)
      if (!isComma) return { variables, isAssignment: next.kind === 'assign' }
      if (context !== 'range' || variables.length > 1) {
        tokens.fail(`too many declarations in ${context}`)
      }
      const { kind } = tokens.peekNonSpace()
      if (!['variable', 'right delimiter', 'right parenthesis'].includes(kind)) {
        tokens.fail('range can only initialize variables')
      }
    }
    return { variables, isAssignment: false }
  }

  /** Parses operands up to a pipe sign, which it takes, or to the end of the pipe. */
  #parseCommand(): CommandNode {
    const tokens = this.#tokens
    const { at } = tokens.peekNonSpace()
    const operands: Operand[] = []
    while (true) {
      tokens.peekNonSpace()
      const operand = this.#parseOperand()
      if (operand !== undefined) operands.push(operand)
      const token = tokens.next()
      if (token.kind === 'space') continue
      if (token.kind === 'right delimiter' || token.kind === 'right parenthesis') tokens.back()
      else if (token.kind !== 'pipe') tokens.unexpected(token, 'operand')
      break
    }
    const [first, ...others] = operands
    if (first === undefined) return tokens.fail('empty command')
    return { kind: 'command', at, operands: [first, ...others] }
  }

  /** Parses a term and the fields behind it. Returns `undefined` if no operand is next. */
  #parseOperand(): Operand | undefined {
    const tokens = this.#tokens
    const node = this.#parseTerm()
    if (node === undefined || tokens.peek().kind !== 'field') return node
    const { at } = tokens.peek()
    const fields: string[] = []
    while (tokens.peek().kind === 'field') fields.push(tokens.next().text.slice(1))
    switch (node.kind) {
      case 'field':
        return { kind: 'field', at, fields: [...node.fields, ...fields] }
      case 'variable':
        return { kind: 'variable', at, names: [...node.names, ...fields] }
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return tokens.fail(`unexpected . after term ${quote(formatNode(node))}`)
      default:
        return { kind: 'chain', at, node, fields }
    }
  }

  #parseTerm(): Operand | undefined {
    const tokens = this.#tokens
    const token = tokens.nextNonSpace()
    const { at, text } = token
    switch (token.kind) {
      case 'identifier':
        if (!this.#hasFunction(text)) tokens.fail(`function ${quote(text)} not defined`)
        return { kind: 'identifier', at, name: text }
      case 'dot':
      case 'nil':
        return { kind: token.kind, at }
      case 'variable':
        if (!this.variables.includes(text)) tokens.fail(`undefined variable ${quote(text)}`)
        return variableNode(at, text)
      case 'field':
        return { kind: 'field', at, fields: [text.slice(1)] }
      case 'bool':
        return { kind: 'bool', at, bool: text === 'true' }
      case 'character':
      case 'complex':
      case 'number':
        return { kind: 'number', at, ...this.#parseConstant(token) }
      case 'left parenthesis':
        return this.#parseParenthesis()
      case 'string':
      case 'raw string':
        return { kind: 'string', at, quoted: text, text: this.parseString(token) }
      default:
        tokens.back()
        return undefined
    }
  }

  #parseParenthesis(): PipeNode {
    if (this.#depth >= deepest) this.#tokens.fail('max expression depth exceeded')
    this.#depth++
    try {
      return this.parsePipe('parenthesized pipeline', 'right parenthesis')
    } finally {
      this.#depth--
    }
  }

  #parseConstant({ kind, text }: Token): NumberConstant {
    const parse =
      kind === 'character' ? parseCharacter : kind === 'complex' ? parseComplex : parseNumber
    const constant = parse(text)
    return typeof constant === 'string' ? this.#tokens.fail(constant) : constant
  }

  /** Returns the text of a string literal. */
  parseString({ text }: Token): ByteText {
    return unquote(text) ?? this.#tokens.fail('invalid syntax')
  }
}

function variableNode(at: number, name: string): VariableNode {
  return { kind: 'variable', at, names: [name] }
}
