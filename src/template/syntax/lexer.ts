import { quote } from '../text/quote.ts'
import { isPrintable, isWordRune } from '../text/runes.ts'
import { type ByteText, encodeRune, type Rune, runeAt } from '../text/utf8.ts'
import { isKeyword, type Token, type TokenKind } from './token.ts'

/**
 * Splits a template into tokens. The last token is the end of the text, or an error:
 * nothing is read after the first error.
 */
export function tokenize(template: ByteText): readonly Token[] {
  const lexer = new Lexer(template)
  while (lexer.isOpen) {
    if (lexer.isInAction) readInAction(lexer)
    else readText(lexer)
  }
  return lexer.tokens
}

class Lexer {
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
  skip(set: string, most = Number.POSITIVE_INFINITY): boolean {
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

const open = '{{'
const close = '}}'

function readText(lexer: Lexer): void {
  const found = lexer.text.indexOf(open, lexer.at)
  const end = found < 0 ? lexer.text.length : found
  const isTrimmed = found >= 0 && /^\{\{-[ \t\r\n]/.test(lexer.text.slice(found, found + 4))
  const text = lexer.text.slice(lexer.at, end)
  lexer.at += isTrimmed ? text.replace(/[ \t\r\n]+$/, '').length : text.length
  if (lexer.pending !== '') lexer.emit('text')
  lexer.at = end
  lexer.drop()
  if (found < 0) {
    lexer.emit('end of text')
    return
  }
  const mark = open.length + (isTrimmed ? 2 : 0)
  if (lexer.text.startsWith('/*', found + mark)) {
    lexer.at += mark
    lexer.drop()
    readComment(lexer)
    return
  }
  lexer.at += open.length
  lexer.emit('left delimiter')
  lexer.at = found + mark
  lexer.drop()
  lexer.isInAction = true
  lexer.depth = 0
}

function readComment(lexer: Lexer): void {
  const end = lexer.text.indexOf('*/', lexer.at + 2)
  if (end < 0) {
    lexer.fail('unclosed comment')
    return
  }
  lexer.at = end + 2
  const delimiter = rightDelimiter(lexer)
  if (delimiter === undefined) {
    lexer.fail('comment ends before closing delimiter')
    return
  }
  lexer.at += delimiter.length
  if (delimiter !== close) skipSpace(lexer)
  lexer.drop()
}

/** Returns the delimiter at the position: `}}`, or one with a trim marker such as ` -}}`. */
function rightDelimiter(lexer: Lexer, at = lexer.at): string | undefined {
  const text = lexer.text.slice(at, at + 4)
  if (/^[ \t\r\n]-\}\}/.test(text)) return text
  return text.startsWith(close) ? close : undefined
}

function skipSpace(lexer: Lexer): boolean {
  return lexer.skip(' \t\r\n')
}

function readInAction(lexer: Lexer): void {
  const delimiter = rightDelimiter(lexer)
  if (delimiter !== undefined) {
    if (lexer.depth > 0) {
      lexer.fail('unclosed left paren')
      return
    }
    readRightDelimiter(lexer, delimiter)
    return
  }
  const { code, size } = lexer.next()
  const character = size === 1 ? String.fromCharCode(code) : ''
  if (size === 0) lexer.fail('unclosed action')
  else if (' \t\r\n'.includes(character || 'none')) readSpace(lexer)
  else if (character === '=') lexer.emit('assign')
  else if (character === ':') {
    if (lexer.skip('=', 1)) lexer.emit('declare')
    else lexer.fail('expected :=')
  } else if (character === '|') lexer.emit('pipe')
  else if (character === '"') readQuoted(lexer, '"', 'string', 'unterminated quoted string')
  else if (character === "'") {
    readQuoted(lexer, "'", 'character', 'unterminated character constant')
  } else if (character === '`') readRaw(lexer)
  else if (character === '$') readName(lexer, 'variable')
  else if (character === '.' && startsField(lexer)) readName(lexer, 'field')
  else if (/[.+\-0-9]/.test(character)) readNumber(lexer)
  else if (isWordRune(code)) readIdentifier(lexer)
  else if (character === '(') {
    lexer.depth++
    lexer.emit('left parenthesis')
  } else if (character === ')') {
    lexer.depth--
    if (lexer.depth < 0) lexer.fail('unexpected right paren')
    else lexer.emit('right parenthesis')
  } else if (code < 0x80 && isPrintable(code)) lexer.emit('char')
  else lexer.fail(`unrecognized character in action: ${describeRune(code)}`)
}

/** A point starts a field unless a digit or the end follows. */
function startsField(lexer: Lexer): boolean {
  return lexer.at < lexer.text.length && !/[0-9]/.test(lexer.text[lexer.at] ?? '')
}

function readRightDelimiter(lexer: Lexer, delimiter: string): void {
  const isTrimmed = delimiter !== close
  if (isTrimmed) {
    lexer.at += 2
    lexer.drop()
  }
  lexer.at += close.length
  lexer.emit('right delimiter')
  if (isTrimmed) {
    skipSpace(lexer)
    lexer.drop()
  }
  lexer.isInAction = false
}

/** The last space before a trim marker belongs to the delimiter. */
function readSpace(lexer: Lexer): void {
  skipSpace(lexer)
  if (rightDelimiter(lexer, lexer.at - 1) !== undefined) lexer.at--
  if (lexer.pending !== '') lexer.emit('space')
}

function readQuoted(lexer: Lexer, delimiter: string, kind: TokenKind, problem: string): void {
  while (true) {
    let { code, size } = lexer.next()
    const isEscape = code === 0x5c
    if (isEscape) ({ code, size } = lexer.next())
    if (size === 0 || code === 0x0a) {
      lexer.fail(problem)
      return
    }
    if (!isEscape && code === delimiter.charCodeAt(0)) {
      lexer.emit(kind)
      return
    }
  }
}

function readRaw(lexer: Lexer): void {
  const end = lexer.text.indexOf('`', lexer.at)
  if (end < 0) {
    lexer.fail('unterminated raw quoted string')
    return
  }
  lexer.at = end + 1
  lexer.emit('raw string')
}

/** Reads the rest of `.field` or `$variable`, of which nothing but the first character is necessary. */
function readName(lexer: Lexer, kind: 'field' | 'variable'): void {
  if (isTerminator(lexer)) {
    lexer.emit(kind === 'field' ? 'dot' : 'variable')
    return
  }
  skipWord(lexer)
  if (!isTerminator(lexer)) {
    lexer.fail(`bad character ${describeRune(lexer.peek().code)}`)
    return
  }
  lexer.emit(kind)
}

function readIdentifier(lexer: Lexer): void {
  skipWord(lexer)
  if (!isTerminator(lexer)) {
    lexer.fail(`bad character ${describeRune(lexer.peek().code)}`)
    return
  }
  const word = lexer.pending
  if (isKeyword(word)) lexer.emit(word)
  else lexer.emit(word === 'true' || word === 'false' ? 'bool' : 'identifier')
}

function skipWord(lexer: Lexer): void {
  while (isWordRune(lexer.peek().code)) lexer.next()
}

/** Reports whether a name may end here. */
function isTerminator(lexer: Lexer): boolean {
  const next = lexer.text[lexer.at]
  return next === undefined || ' \t\r\n.,|:)('.includes(next) || lexer.rest.startsWith(close)
}

/** Reads a number, which the parser checks. */
function readNumber(lexer: Lexer): void {
  lexer.at--
  const isNumber = skipNumber(lexer)
  if (!isNumber) {
    lexer.fail(`bad number syntax: ${quote(lexer.pending)}`)
    return
  }
  const sign = lexer.text[lexer.at]
  if (sign !== '+' && sign !== '-') {
    lexer.emit('number')
    return
  }
  if (!skipNumber(lexer) || lexer.text[lexer.at - 1] !== 'i') {
    lexer.fail(`bad number syntax: ${quote(lexer.pending)}`)
    return
  }
  lexer.emit('complex')
}

function skipNumber(lexer: Lexer): boolean {
  lexer.skip('+-', 1)
  let digits = '0123456789_'
  let exponent = 'eE'
  if (lexer.skip('0', 1)) {
    if (lexer.skip('xX', 1)) [digits, exponent] = ['0123456789abcdefABCDEF_', 'pP']
    else if (lexer.skip('oO', 1)) [digits, exponent] = ['01234567_', '']
    else if (lexer.skip('bB', 1)) [digits, exponent] = ['01_', '']
  }
  lexer.skip(digits)
  if (lexer.skip('.', 1)) lexer.skip(digits)
  if (lexer.skip(exponent, 1)) {
    lexer.skip('+-', 1)
    lexer.skip('0123456789_')
  }
  lexer.skip('i', 1)
  if (!isWordRune(lexer.peek().code)) return true
  lexer.next()
  return false
}

/** `U+0023 '#'` */
function describeRune(code: number): string {
  if (code < 0) return 'U+FFFFFFFFFFFFFFFF'
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return isPrintable(code) ? `${number} '${encodeRune(code)}'` : number
}
