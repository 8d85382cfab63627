import {
  type Cursor,
  expect,
  expectIdentifier,
  fail,
  inBrackets,
  placeOf,
  take,
  takeKeyword,
} from './cursor.ts'
import { HclError, type Place } from './hcl-error.ts'
import type { Expression, ForExpression } from './syntax.ts'

type Parse = (cursor: Cursor) => Expression

interface TemplateOptions {
  /** `"` ends a quoted template, which has escapes with a backslash. Else the text is all of it. */
  readonly isQuoted: boolean
  readonly parse: Parse
}

/** A piece of a template, before directives are paired. */
type Piece = { readonly at: Place; trimsBefore?: boolean; trimsAfter?: boolean } & (
  | { readonly kind: 'text'; text: string }
  | { readonly kind: 'value'; readonly value: Expression }
  | { readonly kind: 'if'; readonly condition: Expression }
  | { readonly kind: 'for'; readonly head: Pick<ForExpression, 'keyName' | 'valueName' | 'source'> }
  | { readonly kind: 'else' | 'endif' | 'endfor' }
)

/**
 * Reads a template: text with `${VALUE}`, `%{if …}` and `%{for …}`. A template of one value is that
 * value, whatever its type. Throws `HclError`.
 */
export function parseTemplate(cursor: Cursor, options: TemplateOptions): Expression {
  const at = placeOf(cursor)
  const pieces = readPieces(cursor, options)
  trim(pieces)
  const kept = pieces.filter((piece) => piece.kind !== 'text' || piece.text !== '')
  const [only] = kept
  if (kept.length === 1 && only?.kind === 'value') return only.value
  return joined(takeParts(kept, []), at)
}

function joined(parts: readonly Expression[], at: Place): Expression {
  const [first] = parts
  if (first === undefined) return { kind: 'literal', value: '', at }
  return parts.length === 1 && first.kind === 'literal' ? first : { kind: 'template', parts, at }
}

function readPieces(cursor: Cursor, options: TemplateOptions): Piece[] {
  const pieces: Piece[] = []
  let text = ''
  let at = placeOf(cursor)
  const flush = (): void => {
    pieces.push({ kind: 'text', text, at })
    text = ''
  }
  for (;;) {
    if (cursor.at >= cursor.text.length) {
      if (options.isQuoted) throw fail(cursor, 'a string has no end')
      break
    }
    if (options.isQuoted && cursor.text[cursor.at] === '"') break
    const next = cursor.text.slice(cursor.at, cursor.at + 3)
    if (next === '$${' || next === '%%{') {
      text += next.slice(1)
      cursor.at += 3
    } else if (next.startsWith('${') || next.startsWith('%{')) {
      flush()
      pieces.push(
        next.startsWith('$') ? readValue(cursor, options) : readDirective(cursor, options),
      )
      at = placeOf(cursor)
    } else if (options.isQuoted && next.startsWith('\n')) {
      throw fail(cursor, 'a string has no end in its line')
    } else if (options.isQuoted && next.startsWith('\\')) text += readEscape(cursor)
    else {
      text += cursor.text[cursor.at]
      cursor.at += 1
    }
  }
  flush()
  return pieces
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
}

function readEscape(cursor: Cursor): string {
  const rest = cursor.text.slice(cursor.at, cursor.at + 10)
  const [whole, short, long] = /^\\u([0-9a-fA-F]{4})|^\\U([0-9a-fA-F]{8})/.exec(rest) ?? []
  const point = Number.parseInt(short ?? long ?? '', 16)
  const value = whole === undefined ? escapes[rest[1] ?? ''] : characterOf(point)
  if (value === undefined) throw fail(cursor, `the escape ${rest.slice(0, 2)} is unknown`)
  cursor.at += whole?.length ?? 2
  return value
}

function characterOf(point: number): string | undefined {
  return point <= 0x10ffff ? String.fromCodePoint(point) : undefined
}

function readValue(cursor: Cursor, { parse }: TemplateOptions): Piece {
  return inMarks(cursor, (at, trimsBefore) => {
    const value = parse(cursor)
    return { kind: 'value', value, at, trimsBefore }
  })
}

function readDirective(cursor: Cursor, { parse }: TemplateOptions): Piece {
  return inMarks(cursor, (at, trimsBefore): Piece => {
    if (takeKeyword(cursor, 'if')) return { kind: 'if', condition: parse(cursor), at, trimsBefore }
    for (const kind of ['else', 'endif', 'endfor'] as const) {
      if (takeKeyword(cursor, kind)) return { kind, at, trimsBefore }
    }
    if (!takeKeyword(cursor, 'for')) throw fail(cursor, 'expected if, else, endif, for or endfor')
    const head = parseForHead(cursor, parse)
    return { kind: 'for', head, at, trimsBefore }
  })
}

/** Reads `KEY, VALUE in SOURCE` and `VALUE in SOURCE`. */
export function parseForHead(
  cursor: Cursor,
  parse: Parse,
): Pick<ForExpression, 'keyName' | 'valueName' | 'source'> {
  const first = expectIdentifier(cursor, 'the name of a variable')
  const second = take(cursor, ',') ? expectIdentifier(cursor, 'the name of a variable') : undefined
  if (!takeKeyword(cursor, 'in')) throw fail(cursor, 'expected in')
  const source = parse(cursor)
  return second === undefined
    ? { keyName: undefined, valueName: first, source }
    : { keyName: first, valueName: second, source }
}

/** Reads what is between `${` or `%{` and `}`; `~` beside them removes white space. */
function inMarks(cursor: Cursor, read: (at: Place, trimsBefore: boolean) => Piece): Piece {
  return inBrackets(cursor, false, () => {
    const at = placeOf(cursor)
    cursor.at += 2
    const trimsBefore = cursor.text[cursor.at] === '~'
    if (trimsBefore) cursor.at += 1
    const piece = read(at, trimsBefore)
    piece.trimsAfter = take(cursor, '~')
    expect(cursor, '}')
    return piece
  })
}

function trim(pieces: readonly Piece[]): void {
  pieces.forEach((piece, index) => {
    const [before, after] = [pieces[index - 1], pieces[index + 1]]
    if (piece.trimsBefore && before?.kind === 'text') before.text = before.text.trimEnd()
    if (piece.trimsAfter && after?.kind === 'text') after.text = after.text.trimStart()
  })
}

/** Takes pieces up to one of the given ends, and pairs the directives in them. */
function takeParts(pieces: Piece[], ends: readonly string[]): readonly Expression[] {
  const parts: Expression[] = []
  for (;;) {
    const [piece] = pieces
    if (piece === undefined) {
      if (ends.length === 0) return parts
      throw new HclError(`a template lacks ${ends.at(-1)}`)
    }
    if (ends.includes(piece.kind)) return parts
    pieces.shift()
    const { at } = piece
    if (piece.kind === 'text') parts.push({ kind: 'literal', value: piece.text, at })
    else if (piece.kind === 'value') parts.push(piece.value)
    else if (piece.kind === 'if') parts.push(takeCondition(pieces, piece.condition, at))
    else if (piece.kind === 'for') {
      const each = joined(takeParts(pieces, ['endfor']), at)
      pieces.shift()
      const list = { kind: 'for', ...piece.head, each, ...plainFor, at } as const
      parts.push({ kind: 'join', list, at })
    } else throw new HclError(`${piece.kind} has no beginning`, at)
  }
}

const plainFor = { key: undefined, condition: undefined, isGrouped: false } as const

function takeCondition(pieces: Piece[], condition: Expression, at: Place): Expression {
  const then = joined(takeParts(pieces, ['else', 'endif']), at)
  const hasElse = pieces.shift()?.kind === 'else'
  const otherwise = joined(hasElse ? takeParts(pieces, ['endif']) : [], at)
  if (hasElse) pieces.shift()
  return { kind: 'conditional', condition, then, otherwise, at }
}
