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
} from './cursor.ts'
import { parseExpression } from './parse-expression.ts'
import type { Attribute, Block, Body } from './syntax.ts'
import { toPlain } from './value.ts'

/** Reads a file of HCL. Throws `HclError`. */
export function parseHcl(text: string, file: string): Body {
  return parseBody(openCursor(text.replace(/^\uFEFF/, ''), file), false)
}

function parseBody(cursor: Cursor, isInside: boolean): Body {
  const attributes = new Map<string, Attribute>()
  const blocks: Block[] = []
  for (;;) {
    skipSpace(cursor, true)
    if (isInside && take(cursor, '}')) return { attributes, blocks }
    if (cursor.at >= cursor.text.length) {
      if (isInside) throw fail(cursor, 'a block has no }')
      return { attributes, blocks }
    }
    const at = placeOf(cursor)
    const name = expectIdentifier(cursor, 'an attribute or a block')
    if (take(cursor, '=')) {
      if (attributes.has(name)) throw fail(cursor, `${name} is set twice`)
      attributes.set(name, { name, value: parseExpression(cursor), at })
    } else blocks.push(parseBlock(cursor, name))
    endLine(cursor, isInside)
  }
}

function parseBlock(cursor: Cursor, type: string): Block {
  const at = placeOf(cursor)
  const labels: string[] = []
  while (!isNext(cursor, '{')) labels.push(parseLabel(cursor))
  expect(cursor, '{')
  return { type, labels, body: inBrackets(cursor, true, () => parseBody(cursor, true)), at }
}

function parseLabel(cursor: Cursor): string {
  if (!isNext(cursor, '"')) {
    const name = takeIdentifier(cursor)
    if (name === undefined) throw fail(cursor, `expected =, { or a label, not ${nextWord(cursor)}`)
    return name
  }
  const label = parseExpression(cursor)
  const value = label.kind === 'literal' ? toPlain(label.value) : undefined
  if (typeof value !== 'string') throw fail(cursor, 'a label is a text without variables')
  return value
}

function endLine(cursor: Cursor, isInside: boolean): void {
  skipSpace(cursor, false)
  const isEnd = cursor.at >= cursor.text.length || isNext(cursor, '\n')
  if (!isEnd && !(isInside && isNext(cursor, '}'))) {
    throw fail(cursor, `expected a line break, not ${nextWord(cursor)}`)
  }
}
