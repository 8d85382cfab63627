import { TemplateError } from '../error.ts'
import type { ByteText } from '../text/utf8.ts'
import { tokenize } from './lexer.ts'
import { formatToken, type Token, type TokenKind } from './token.ts'

const end: Token = { kind: 'end of text', at: 0, text: 'EOF', line: 1 }

/** The tokens of a template, read one after the other, and errors that name their line. */
export class TokenStream {
  readonly #tokens: readonly Token[]
  readonly #name: ByteText
  #at = 0
  #furthest = 0
  /** The line of the action that is being read; 0 outside of actions. */
  actionLine = 0

  constructor(text: ByteText, name: ByteText) {
    this.#tokens = tokenize(text)
    this.#name = name
  }

  next(): Token {
    const token = this.peek()
    this.#at++
    return token
  }

  peek(): Token {
    this.#furthest = Math.max(this.#furthest, this.#at)
    return this.#tokens[this.#at] ?? this.#tokens.at(-1) ?? end
  }

  back(count = 1): void {
    this.#at -= count
  }

  nextNonSpace(): Token {
    const token = this.next()
    return token.kind === 'space' ? this.next() : token
  }

  /** Skips spaces, and returns the token after them without taking it. */
  peekNonSpace(): Token {
    if (this.peek().kind === 'space') this.#at++
    return this.peek()
  }

  /** Takes `{{define`, if that is next. */
  skipDefine(): boolean {
    const start = this.#at
    if (this.peek().kind === 'left delimiter') {
      this.next()
      if (this.nextNonSpace().kind === 'define') return true
    }
    this.#at = start
    return false
  }

  /** Takes the next token, which must be of one of these kinds. */
  expect(kinds: readonly TokenKind[], context: string): Token {
    const token = this.nextNonSpace()
    return kinds.includes(token.kind) ? token : this.unexpected(token, context)
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.fail(`unexpected ${formatToken(token)} in ${context}`)
    const { actionLine } = this
    const isElsewhere = actionLine !== 0 && actionLine !== token.line
    const action = token.text.endsWith(' action') ? '' : ' in action'
    const start = isElsewhere ? `${action} started at ${this.#name}:${actionLine}` : ''
    return this.fail(token.text + start)
  }

  /** Throws an error that names the line of the last token that was read or peeked at. */
  fail(message: string): never {
    const last = this.#tokens[this.#furthest] ?? this.#tokens.at(-1) ?? end
    throw new TemplateError(`template: ${this.#name}:${last.line}: ${message}`)
  }
}
