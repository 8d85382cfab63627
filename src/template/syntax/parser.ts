import { quote } from '../text/quote.ts'
import type { ByteText } from '../text/utf8.ts'
import type { BranchNode, Node, PipeNode, TemplateSet } from './node.ts'
import { PipeParser } from './pipe-parser.ts'
import { TokenStream } from './token-stream.ts'

export interface ParseOptions {
  /** The name of the template in errors. */
  readonly name: ByteText
  readonly hasFunction: (name: string) => boolean
}

/** Parses a template and the templates that it defines. Throws `TemplateError`. */
export function parseTemplates(text: ByteText, options: ParseOptions): TemplateSet {
  const parser = new Parser(text, options)
  parser.parseAll()
  return { name: options.name, text, templates: parser.templates }
}

/** Levels of blocks inside each other. Go has no limit; JavaScript's stack has. */
const deepest = 1000

/** What ends a list of nodes. */
type Ending = 'end' | 'else'

class Parser {
  readonly templates = new Map<ByteText, readonly Node[]>()
  readonly #name: ByteText
  readonly #tokens: TokenStream
  readonly #hasFunction: (name: string) => boolean
  #pipes: PipeParser
  /** Ranges around this place, in which `break` and `continue` are allowed. */
  #ranges = 0
  #depth = 0

  constructor(text: ByteText, { name, hasFunction }: ParseOptions) {
    this.#name = name
    this.#hasFunction = hasFunction
    this.#tokens = new TokenStream(text, name)
    this.#pipes = new PipeParser(this.#tokens, hasFunction)
  }

  parseAll(): void {
    const tokens = this.#tokens
    const nodes: Node[] = []
    while (tokens.peek().kind !== 'end of text') {
      if (tokens.skipDefine()) {
        this.#parseDefinition()
        continue
      }
      const node = this.#parseNode()
      nodes.push(typeof node === 'string' ? tokens.fail(`unexpected {{${node}}}`) : node)
    }
    this.#add(this.#name, nodes)
  }

  /** Keeps a template, which may be defined twice only if one of both is empty. */
  #add(name: ByteText, nodes: readonly Node[]): void {
    const present = this.templates.get(name)
    if (present === undefined || isEmpty(present)) this.templates.set(name, nodes)
    else if (!isEmpty(nodes)) {
      this.#tokens.fail(`template: multiple definition of template ${quote(name)}`)
    }
  }

  #parseDefinition(): void {
    const context = 'define clause'
    this.#inOwnScope(() => {
      const token = this.#tokens.expect(['string', 'raw string'], context)
      const name = this.#pipes.parseString(token)
      this.#tokens.expect(['right delimiter'], context)
      this.#add(name, this.#parseUntilEnd(context))
    })
  }

  /** A definition knows no variables or ranges of the template around it. */
  #inOwnScope(parse: () => void): void {
    const [pipes, ranges, { actionLine }] = [this.#pipes, this.#ranges, this.#tokens]
    this.#pipes = new PipeParser(this.#tokens, this.#hasFunction)
    this.#ranges = 0
    this.#tokens.actionLine = 0
    parse()
    this.#pipes = pipes
    this.#ranges = ranges
    this.#tokens.actionLine = actionLine
  }

  #parseUntilEnd(context: string): readonly Node[] {
    const { nodes, ending } = this.#parseList()
    if (ending !== 'end') this.#tokens.fail(`unexpected {{${ending}}} in ${context}`)
    return nodes
  }

  #parseList(): { readonly nodes: readonly Node[]; readonly ending: Ending } {
    if (this.#depth >= deepest) this.#tokens.fail('exceeded maximum depth of nested blocks')
    this.#depth++
    const nodes: Node[] = []
    while (this.#tokens.peekNonSpace().kind !== 'end of text') {
      const node = this.#parseNode()
      if (typeof node === 'string') {
        this.#depth--
        return { nodes, ending: node }
      }
      nodes.push(node)
    }
    return this.#tokens.fail('unexpected EOF')
  }

  #parseNode(): Node | Ending {
    const tokens = this.#tokens
    const token = tokens.nextNonSpace()
    if (token.kind === 'text') return { kind: 'text', at: token.at, text: token.text }
    if (token.kind !== 'left delimiter') return tokens.unexpected(token, 'input')
    tokens.actionLine = token.line
    const node = this.#parseAction()
    tokens.actionLine = 0
    return node
  }

  /** Parses an action behind its left delimiter. */
  #parseAction(): Node | Ending {
    const tokens = this.#tokens
    const token = tokens.nextNonSpace()
    switch (token.kind) {
      case 'block':
        return this.#parseBlock()
      case 'break':
      case 'continue':
        return this.#parseJump(token.kind, token.at)
      case 'else':
        // `else if` leaves `if` to the block that it continues.
        if (!['if', 'with'].includes(tokens.peekNonSpace().kind)) {
          tokens.expect(['right delimiter'], 'else')
        }
        return 'else'
      case 'end':
        tokens.expect(['right delimiter'], 'end')
        return 'end'
      case 'if':
      case 'range':
      case 'with':
        return this.#parseBranch(token.kind)
      case 'template':
        return this.#parseTemplate()
      default:
        tokens.back()
        return {
          kind: 'action',
          at: token.at,
          pipe: this.#pipes.parsePipe('command', 'right delimiter'),
        }
    }
  }

  #parseJump(kind: 'break' | 'continue', at: number): Node {
    const token = this.#tokens.nextNonSpace()
    if (token.kind !== 'right delimiter') this.#tokens.unexpected(token, `{{${kind}}}`)
    if (this.#ranges === 0) this.#tokens.fail(`{{${kind}}} outside {{range}}`)
    return { kind, at }
  }

  #parseBranch(kind: BranchNode['kind']): BranchNode {
    const { variables } = this.#pipes
    this.#pipes.variables = [...variables]
    const pipe = this.#pipes.parsePipe(kind, 'right delimiter')
    if (kind === 'range') this.#ranges++
    const { nodes: list, ending } = this.#parseList()
    if (kind === 'range') this.#ranges--
    const otherwise = ending === 'else' ? this.#parseElse(kind) : undefined
    this.#pipes.variables = variables
    return { kind, at: pipe.at, pipe, list, otherwise }
  }

  /** `{{if a}}{{else if b}}{{end}}` means `{{if a}}{{else}}{{if b}}{{end}}{{end}}`. */
  #parseElse(kind: BranchNode['kind']): readonly Node[] {
    const tokens = this.#tokens
    if (kind !== 'range' && tokens.peek().kind === kind) {
      tokens.next()
      return [this.#parseBranch(kind)]
    }
    const { nodes, ending } = this.#parseList()
    if (ending !== 'end') tokens.fail(`expected end; found {{${ending}}}`)
    return nodes
  }

  /** A block is a definition, and the call of what was defined. */
  #parseBlock(): Node {
    const context = 'block clause'
    const { at, name } = this.#parseName(context)
    const pipe = this.#pipes.parsePipe(context, 'right delimiter')
    this.#inOwnScope(() => this.#add(name, this.#parseUntilEnd(context)))
    return { kind: 'template', at, name, pipe }
  }

  #parseTemplate(): Node {
    const context = 'template clause'
    const { at, name } = this.#parseName(context)
    let pipe: PipeNode | undefined
    if (this.#tokens.nextNonSpace().kind !== 'right delimiter') {
      this.#tokens.back()
      pipe = this.#pipes.parsePipe(context, 'right delimiter')
    }
    return { kind: 'template', at, name, pipe }
  }

  #parseName(context: string): { readonly at: number; readonly name: ByteText } {
    const token = this.#tokens.nextNonSpace()
    if (token.kind !== 'string' && token.kind !== 'raw string') {
      return this.#tokens.unexpected(token, context)
    }
    return { at: token.at, name: this.#pipes.parseString(token) }
  }
}

/** Reports whether a template has nothing but space. */
function isEmpty(nodes: readonly Node[]): boolean {
  return nodes.every((node) => node.kind === 'text' && node.text.trim() === '')
}
