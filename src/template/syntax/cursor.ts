import { type ByteText, type Rune, runeAt } from '../text/utf8.ts'
import type { Token, TokenKind } from './token.ts'

/** A position in a template, and the tokens before it. */
export class Cursor {
  readonly tokens: Token[] = []
  isOpen = true
  isInAction = false
  /** Open parentheses of the action. */
  depth = 0
  at = 0
  #start = 0
  #line = 1
  readonly text: ByteText

  constructor(text: ByteText) {
    this.text = text
  }

  get rest(): ByteText {
    return this.text.slice(this.at)
  }

  /** The text since the last token. */
  get pending(): ByteText {
    return this.text.slice(this.#start, this.at)
  }

  peek(): Rune {
    return runeAt(this.text, this.at)
  }

  next(): Rune {
    const rune = this.peek()
    this.at += rune.size
    return rune
  }

  /** Skips characters of a set. Returns whether there was one. */
  skip(set: string, most: number = Number.POSITIVE_INFINITY): boolean {
    let count = 0
    for (; count < most && this.at < this.text.length; count++) {
      if (!set.includes(this.text[this.at] ?? '')) break
      this.at++
    }
    return count > 0
  }

  emit(kind: TokenKind): void {
    const { pending } = this
    this.tokens.push({ kind, at: this.#start, text: pending, line: this.#line })
    this.drop()
    if (kind === 'end of text') this.isOpen = false
  }

  /** Forgets the pending text. */
  drop(): void {
    for (const character of this.pending) if (character === '\n') this.#line++
    this.#start = this.at
  }

  fail(message: string): void {
    this.tokens.push({ kind: 'error', at: this.#start, text: message, line: this.#line })
    this.isOpen = false
  }
}
