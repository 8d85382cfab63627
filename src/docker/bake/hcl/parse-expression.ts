import {
  type Cursor,
  expect,
  expectIdentifier,
  fail,
  inBrackets,
  isNext,
  nextWord,
  openCursor,
  placeOf,
  skipSpace,
  take,
  takeIdentifier,
  takeKeyword,
} from './cursor.ts'
import type { Place } from './hcl-error.ts'
import { parseForHead, parseTemplate } from './parse-template.ts'
import { type BinaryOperator, type Expression, splatElement } from './syntax.ts'

/** Reads an expression. Throws `HclError`. */
export function parseExpression(cursor: Cursor): Expression {
  const condition = parseBinary(cursor, 0)
  if (!take(cursor, '?')) return condition
  return inBrackets(cursor, cursor.endsAtLine, () => {
    const then = parseExpression(cursor)
    expect(cursor, ':')
    const otherwise = parseExpression(cursor)
    return { kind: 'conditional', condition, then, otherwise, at: condition.at }
  })
}

/** Reads the whole text as a template, without escapes. */
export function parseText(text: string, at: Place): Expression {
  const cursor = openCursor(text, at.file, at.line)
  return parseTemplate(cursor, { isQuoted: false, parse: parseExpression })
}

/** The operators from the weakest to the strongest. */
const levels: readonly (readonly BinaryOperator[])[] = [
  ['||'],
  ['&&'],
  ['==', '!='],
  ['<=', '>=', '<', '>'],
  ['+', '-'],
  ['*', '/', '%'],
]

function parseBinary(cursor: Cursor, level: number): Expression {
  const operators = levels[level]
  if (operators === undefined) return parseUnary(cursor)
  let left = parseBinary(cursor, level + 1)
  for (;;) {
    const operator = operators.find((one) => take(cursor, one))
    if (operator === undefined) return left
    const right = parseBinary(cursor, level + 1)
    left = { kind: 'binary', operator, left, right, at: left.at }
  }
}

function parseUnary(cursor: Cursor): Expression {
  skipSpace(cursor)
  const at = placeOf(cursor)
  const operator = take(cursor, '!') ? '!' : take(cursor, '-') ? '-' : undefined
  if (operator === undefined) return parseSteps(cursor, parseTerm(cursor))
  return inBrackets(cursor, cursor.endsAtLine, () => {
    return { kind: 'unary', operator, of: parseUnary(cursor), at }
  })
}

/** Reads `.name`, `[key]`, `.*` and `[*]` after a term. */
function parseSteps(cursor: Cursor, of: Expression): Expression {
  const at = placeOf(cursor)
  if (isNext(cursor, '...')) return of
  if (take(cursor, '.')) {
    if (take(cursor, '*')) return parseSteps(cursor, splat(cursor, of, at, false))
    const [digits] = /^\d+/.exec(cursor.text.slice(cursor.at, cursor.at + 20)) ?? []
    if (digits !== undefined) {
      cursor.at += digits.length
      const key = { kind: 'literal', value: Number(digits), at } as const
      return parseSteps(cursor, { kind: 'index', of, key, at })
    }
    const name = expectIdentifier(cursor, 'the name of an attribute')
    return parseSteps(cursor, { kind: 'attribute', of, name, at })
  }
  if (!isNext(cursor, '[')) return of
  return parseSteps(cursor, parseIndex(cursor, of, at))
}

function parseIndex(cursor: Cursor, of: Expression, at: Place): Expression {
  expect(cursor, '[')
  const key = inBrackets(cursor, false, () => {
    const isSplat = take(cursor, '*')
    const inside = isSplat ? undefined : parseExpression(cursor)
    expect(cursor, ']')
    return inside
  })
  return key === undefined ? splat(cursor, of, at, true) : { kind: 'index', of, key, at }
}

/** `.*` goes on over attributes only, `[*]` over every step. */
function splat(cursor: Cursor, of: Expression, at: Place, isFull: boolean): Expression {
  let each: Expression = { kind: 'reference', name: splatElement, at }
  for (;;) {
    if (!isNext(cursor, '...') && take(cursor, '.')) {
      each = { kind: 'attribute', of: each, name: expectIdentifier(cursor, 'an attribute'), at }
    } else if (isFull && isNext(cursor, '[')) each = parseIndex(cursor, each, at)
    else return { kind: 'splat', of, each, at }
  }
}

const literals: ReadonlyMap<string, null | boolean> = new Map([
  ['null', null],
  ['true', true],
  ['false', false],
])

function parseTerm(cursor: Cursor): Expression {
  skipSpace(cursor)
  const at = placeOf(cursor)
  if (take(cursor, '(')) {
    return inBrackets(cursor, false, () => {
      const inside = parseExpression(cursor)
      expect(cursor, ')')
      return inside
    })
  }
  if (isNext(cursor, '[')) return inBrackets(cursor, false, () => parseList(cursor, at))
  if (isNext(cursor, '{')) return inBrackets(cursor, true, () => parseObject(cursor, at))
  if (take(cursor, '"')) return parseQuoted(cursor)
  if (isNext(cursor, '<<')) return parseHeredoc(cursor)
  const number = /^\d+(\.\d+)?(e[+-]?\d+)?/i.exec(cursor.text.slice(cursor.at, cursor.at + 400))
  if (number !== null) {
    cursor.at += number[0].length
    return { kind: 'literal', value: Number(number[0]), at }
  }
  const name = takeIdentifier(cursor)
  if (name === undefined) throw fail(cursor, `expected an expression, not ${nextWord(cursor)}`)
  const literal = literals.get(name)
  if (literal !== undefined) return { kind: 'literal', value: literal, at }
  return isNext(cursor, '(') ? parseCall(cursor, name, at) : { kind: 'reference', name, at }
}

function parseQuoted(cursor: Cursor): Expression {
  const template = parseTemplate(cursor, { isQuoted: true, parse: parseExpression })
  cursor.at += 1
  return template
}

function parseCall(cursor: Cursor, name: string, at: Place): Expression {
  expect(cursor, '(')
  return inBrackets(cursor, false, () => {
    const args: Expression[] = []
    let isExpanded = false
    while (!take(cursor, ')')) {
      if (isExpanded) throw fail(cursor, 'expected ) after ...')
      args.push(parseExpression(cursor))
      isExpanded = take(cursor, '...')
      if (!isNext(cursor, ')')) expect(cursor, ',')
    }
    return { kind: 'call', name, args, isExpanded, at }
  })
}

function parseList(cursor: Cursor, at: Place): Expression {
  expect(cursor, '[')
  if (takeKeyword(cursor, 'for')) return parseFor(cursor, ']', at)
  const items: Expression[] = []
  while (!take(cursor, ']')) {
    items.push(parseExpression(cursor))
    if (!isNext(cursor, ']')) expect(cursor, ',')
  }
  return { kind: 'list', items, at }
}

function parseObject(cursor: Cursor, at: Place): Expression {
  expect(cursor, '{')
  skipSpace(cursor, true)
  const before = cursor.at
  if (takeKeyword(cursor, 'for') && !isNext(cursor, '=') && !isNext(cursor, ':')) {
    cursor.endsAtLine = false
    return parseFor(cursor, '}', at)
  }
  cursor.at = before
  const entries: (readonly [Expression, Expression])[] = []
  for (;;) {
    skipSpace(cursor, true)
    if (take(cursor, '}')) return { kind: 'object', entries, at }
    const key = parseKey(cursor)
    if (!take(cursor, '=') && !take(cursor, ':')) throw fail(cursor, 'expected = after a name')
    skipSpace(cursor)
    entries.push([key, parseExpression(cursor)])
    if (take(cursor, ',') || isNext(cursor, '}')) continue
    if (!isNext(cursor, '\n')) throw fail(cursor, `expected , or }, not ${nextWord(cursor)}`)
  }
}

/** A bare name is a text, and no variable. */
function parseKey(cursor: Cursor): Expression {
  const before = cursor.at
  const at = placeOf(cursor)
  const name = takeIdentifier(cursor)
  if (name !== undefined && (isNext(cursor, '=') || isNext(cursor, ':'))) {
    return { kind: 'literal', value: name, at }
  }
  cursor.at = before
  return parseExpression(cursor)
}

function parseFor(cursor: Cursor, end: ']' | '}', at: Place): Expression {
  const head = parseForHead(cursor, parseExpression)
  expect(cursor, ':')
  const first = parseExpression(cursor)
  if (end === '}') expect(cursor, '=>')
  const second = end === '}' ? parseExpression(cursor) : undefined
  const isGrouped = second !== undefined && take(cursor, '...')
  const condition = takeKeyword(cursor, 'if') ? parseExpression(cursor) : undefined
  expect(cursor, end)
  const key = second === undefined ? undefined : first
  return { kind: 'for', ...head, key, each: second ?? first, condition, isGrouped, at }
}

/** Reads `<<NAME` and `<<-NAME`; the latter removes the indentation that all lines have. */
function parseHeredoc(cursor: Cursor): Expression {
  const rest = cursor.text.slice(cursor.at)
  const [head, dash, name = ''] =
    /^<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/u.exec(rest) ?? []
  if (head === undefined) throw fail(cursor, 'expected a name after <<, and then a line break')
  const end = new RegExp(String.raw`^[ \t]*${name}[ \t]*\r?$`, 'm').exec(rest.slice(head.length))
  if (end === null) throw fail(cursor, `the text has no end: ${name} in a line of its own`)
  const body = rest.slice(head.length, head.length + end.index)
  const at = placeOf(cursor, cursor.at + head.length)
  cursor.at += head.length + end.index + end[0].length
  return parseText(dash === '' ? body : withoutIndent(body), at)
}

function withoutIndent(text: string): string {
  const lines = text.split('\n')
  const indents = lines
    .slice(0, -1)
    .filter((line) => line.trim() !== '')
    .map((line) => line.length - line.trimStart().length)
  const least = indents.length === 0 ? 0 : Math.min(...indents)
  return lines.map((line) => (line.trim() === '' ? line : line.slice(least))).join('\n')
}
