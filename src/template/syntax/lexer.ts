import { quote } from '../text/quote.ts'
import { isPrintable, isWordRune } from '../text/runes.ts'
import { type ByteText, encodeRune } from '../text/utf8.ts'
import { Cursor } from './cursor.ts'
import { isKeyword, type Token, type TokenKind } from './token.ts'

/**
 * Splits a template into tokens. The last token is the end of the text, or an error:
 * nothing is read after the first error.
 */
export function tokenize(template: ByteText): readonly Token[] {
  const cursor = new Cursor(template)
  while (cursor.isOpen) {
    if (cursor.isInAction) readInAction(cursor)
    else readText(cursor)
  }
  return cursor.tokens
}

const open = '{{'
const close = '}}'

function readText(cursor: Cursor): void {
  const found = cursor.text.indexOf(open, cursor.at)
  const end = found < 0 ? cursor.text.length : found
  const isTrimmed = found >= 0 && /^\{\{-[ \t\r\n]/.test(cursor.text.slice(found, found + 4))
  const text = cursor.text.slice(cursor.at, end)
  cursor.at += isTrimmed ? text.replace(/[ \t\r\n]+$/, '').length : text.length
  if (cursor.pending !== '') cursor.emit('text')
  cursor.at = end
  cursor.drop()
  if (found < 0) {
    cursor.emit('end of text')
    return
  }
  const mark = open.length + (isTrimmed ? 2 : 0)
  if (cursor.text.startsWith('/*', found + mark)) {
    cursor.at += mark
    cursor.drop()
    readComment(cursor)
    return
  }
  cursor.at += open.length
  cursor.emit('left delimiter')
  cursor.at = found + mark
  cursor.drop()
  cursor.isInAction = true
  cursor.depth = 0
}

function readComment(cursor: Cursor): void {
  const end = cursor.text.indexOf('*/', cursor.at + 2)
  if (end < 0) {
    cursor.fail('unclosed comment')
    return
  }
  cursor.at = end + 2
  const delimiter = rightDelimiter(cursor)
  if (delimiter === undefined) {
    cursor.fail('comment ends before closing delimiter')
    return
  }
  cursor.at += delimiter.length
  if (delimiter !== close) skipSpace(cursor)
  cursor.drop()
}

/** Returns the delimiter at the position: `}}`, or one with a trim marker such as ` -}}`. */
function rightDelimiter(cursor: Cursor, at = cursor.at): string | undefined {
  const text = cursor.text.slice(at, at + 4)
  if (/^[ \t\r\n]-\}\}/.test(text)) return text
  return text.startsWith(close) ? close : undefined
}

function skipSpace(cursor: Cursor): boolean {
  return cursor.skip(' \t\r\n')
}

function readInAction(cursor: Cursor): void {
  const delimiter = rightDelimiter(cursor)
  if (delimiter !== undefined) {
    if (cursor.depth > 0) {
      cursor.fail('unclosed left paren')
      return
    }
    readRightDelimiter(cursor, delimiter)
    return
  }
  const { code, size } = cursor.next()
  const character = size === 1 ? String.fromCharCode(code) : ''
  if (size === 0) cursor.fail('unclosed action')
  else if (' \t\r\n'.includes(character || 'none')) readSpace(cursor)
  else if (character === '=') cursor.emit('assign')
  else if (character === ':') {
    if (cursor.skip('=', 1)) cursor.emit('declare')
    else cursor.fail('expected :=')
  } else if (character === '|') cursor.emit('pipe')
  else if (character === '"') readQuoted(cursor, '"', 'string', 'unterminated quoted string')
  else if (character === "'") {
    readQuoted(cursor, "'", 'character', 'unterminated character constant')
  } else if (character === '`') readRaw(cursor)
  else if (character === '$') readName(cursor, 'variable')
  else if (character === '.' && startsField(cursor)) readName(cursor, 'field')
  else if (/[.+\-0-9]/.test(character)) readNumber(cursor)
  else if (isWordRune(code)) readIdentifier(cursor)
  else if (character === '(') {
    cursor.depth++
    cursor.emit('left parenthesis')
  } else if (character === ')') {
    cursor.depth--
    if (cursor.depth < 0) cursor.fail('unexpected right paren')
    else cursor.emit('right parenthesis')
  } else if (code < 0x80 && isPrintable(code)) cursor.emit('char')
  else cursor.fail(`unrecognized character in action: ${describeRune(code)}`)
}

/** A point starts a field unless a digit or the end follows. */
function startsField(cursor: Cursor): boolean {
  return cursor.at < cursor.text.length && !/[0-9]/.test(cursor.text[cursor.at] ?? '')
}

function readRightDelimiter(cursor: Cursor, delimiter: string): void {
  const isTrimmed = delimiter !== close
  if (isTrimmed) {
    cursor.at += 2
    cursor.drop()
  }
  cursor.at += close.length
  cursor.emit('right delimiter')
  if (isTrimmed) {
    skipSpace(cursor)
    cursor.drop()
  }
  cursor.isInAction = false
}

/** The last space before a trim marker belongs to the delimiter. */
function readSpace(cursor: Cursor): void {
  skipSpace(cursor)
  if (rightDelimiter(cursor, cursor.at - 1) !== undefined) cursor.at--
  if (cursor.pending !== '') cursor.emit('space')
}

function readQuoted(cursor: Cursor, delimiter: string, kind: TokenKind, problem: string): void {
  while (true) {
    let { code, size } = cursor.next()
    const isEscape = code === 0x5c
    if (isEscape) ({ code, size } = cursor.next())
    if (size === 0 || code === 0x0a) {
      cursor.fail(problem)
      return
    }
    if (!isEscape && code === delimiter.charCodeAt(0)) {
      cursor.emit(kind)
      return
    }
  }
}

function readRaw(cursor: Cursor): void {
  const end = cursor.text.indexOf('`', cursor.at)
  if (end < 0) {
    cursor.fail('unterminated raw quoted string')
    return
  }
  cursor.at = end + 1
  cursor.emit('raw string')
}

/** Reads the rest of `.field` or `$variable`, of which nothing but the first character is necessary. */
function readName(cursor: Cursor, kind: 'field' | 'variable'): void {
  if (isTerminator(cursor)) {
    cursor.emit(kind === 'field' ? 'dot' : 'variable')
    return
  }
  skipWord(cursor)
  if (!isTerminator(cursor)) {
    cursor.fail(`bad character ${describeRune(cursor.peek().code)}`)
    return
  }
  cursor.emit(kind)
}

function readIdentifier(cursor: Cursor): void {
  skipWord(cursor)
  if (!isTerminator(cursor)) {
    cursor.fail(`bad character ${describeRune(cursor.peek().code)}`)
    return
  }
  const word = cursor.pending
  if (isKeyword(word)) cursor.emit(word)
  else cursor.emit(word === 'true' || word === 'false' ? 'bool' : 'identifier')
}

function skipWord(cursor: Cursor): void {
  while (isWordRune(cursor.peek().code)) cursor.next()
}

/** Reports whether a name may end here. */
function isTerminator(cursor: Cursor): boolean {
  const next = cursor.text[cursor.at]
  return next === undefined || ' \t\r\n.,|:)('.includes(next) || cursor.rest.startsWith(close)
}

/** Reads a number, which the parser checks. */
function readNumber(cursor: Cursor): void {
  cursor.at--
  const isNumber = skipNumber(cursor)
  if (!isNumber) {
    cursor.fail(`bad number syntax: ${quote(cursor.pending)}`)
    return
  }
  const sign = cursor.text[cursor.at]
  if (sign !== '+' && sign !== '-') {
    cursor.emit('number')
    return
  }
  if (!skipNumber(cursor) || cursor.text[cursor.at - 1] !== 'i') {
    cursor.fail(`bad number syntax: ${quote(cursor.pending)}`)
    return
  }
  cursor.emit('complex')
}

function skipNumber(cursor: Cursor): boolean {
  cursor.skip('+-', 1)
  let digits = '0123456789_'
  let exponent = 'eE'
  if (cursor.skip('0', 1)) {
    if (cursor.skip('xX', 1)) [digits, exponent] = ['0123456789abcdefABCDEF_', 'pP']
    else if (cursor.skip('oO', 1)) [digits, exponent] = ['01234567_', '']
    else if (cursor.skip('bB', 1)) [digits, exponent] = ['01_', '']
  }
  cursor.skip(digits)
  if (cursor.skip('.', 1)) cursor.skip(digits)
  if (cursor.skip(exponent, 1)) {
    cursor.skip('+-', 1)
    cursor.skip('0123456789_')
  }
  cursor.skip('i', 1)
  if (!isWordRune(cursor.peek().code)) return true
  cursor.next()
  return false
}

/** `U+0023 '#'` */
function describeRune(code: number): string {
  if (code < 0) return 'U+FFFFFFFFFFFFFFFF'
  const number = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return isPrintable(code) ? `${number} '${encodeRune(code)}'` : number
}
