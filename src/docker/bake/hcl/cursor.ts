import { HclError, type Place } from './hcl-error.ts'

/** A text that is being read, and how far it was. */
export interface Cursor {
  readonly text: string
  readonly file: string
  /** The line of the first character. */
  readonly line: number
  /** Where lines begin. */
  readonly lines: readonly number[]
  at: number
  /** Whether a line break ends an expression, as it does outside of brackets. */
  endsAtLine: boolean
  /** How deep the expression is nested. */
  depth: number
}

export function openCursor(text: string, file: string, line = 1): Cursor {
  const lines = [0, ...text.matchAll(/\n/g).map(({ index }) => index + 1)]
  return { text, file, line, lines, at: 0, endsAtLine: true, depth: 0 }
}

export function placeOf({ file, line, lines, at }: Cursor, offset: number = at): Place {
  let [low, high] = [0, lines.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if ((lines[middle] ?? 0) <= offset) low = middle
    else high = middle
  }
  return { file, line: line + low, column: offset - (lines[low] ?? 0) + 1 }
}

export function fail(cursor: Cursor, message: string): HclError {
  return new HclError(message, placeOf(cursor))
}

/** Passes spaces and comments, and line breaks where they mean nothing. */
export function skipSpace(cursor: Cursor, withLines: boolean = !cursor.endsAtLine): void {
  const pattern = withLines ? spaceAndLines : space
  for (;;) {
    pattern.lastIndex = cursor.at
    if (!pattern.test(cursor.text)) break
    cursor.at = pattern.lastIndex
  }
  if (cursor.text.startsWith('/*', cursor.at)) throw fail(cursor, 'a comment has no end')
}

const comment = String.raw`#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/`
const space = new RegExp(String.raw`[ \t\r]+|${comment}`, 'y')
const spaceAndLines = new RegExp(String.raw`\s+|${comment}`, 'y')

/** Passes the word, if it comes next. */
export function take(cursor: Cursor, word: string): boolean {
  skipSpace(cursor)
  if (!cursor.text.startsWith(word, cursor.at)) return false
  cursor.at += word.length
  return true
}

export function expect(cursor: Cursor, word: string): void {
  if (!take(cursor, word)) throw fail(cursor, `expected ${word}, not ${nextWord(cursor)}`)
}

/** What comes next, for messages. */
export function nextWord({ text, at }: Cursor): string {
  if (at >= text.length) return 'the end of the file'
  return /^(\w+|\n|.)/su.exec(text.slice(at, at + 40))?.[0].replace('\n', 'a line break') ?? ''
}

const identifier = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy

/** Passes an identifier, and returns it. */
export function takeIdentifier(cursor: Cursor): string | undefined {
  skipSpace(cursor)
  identifier.lastIndex = cursor.at
  const [name] = identifier.exec(cursor.text) ?? []
  if (name !== undefined) cursor.at += name.length
  return name
}

export function expectIdentifier(cursor: Cursor, what: string): string {
  const name = takeIdentifier(cursor)
  if (name === undefined) throw fail(cursor, `expected ${what}, not ${nextWord(cursor)}`)
  return name
}

/** Passes the word, if it is the whole identifier that comes next. */
export function takeKeyword(cursor: Cursor, word: string): boolean {
  const { at } = cursor
  if (takeIdentifier(cursor) === word) return true
  cursor.at = at
  return false
}

/** Whether the next character is this one, without passing it. */
export function isNext(cursor: Cursor, word: string): boolean {
  skipSpace(cursor)
  return cursor.text.startsWith(word, cursor.at)
}

/** Reads something inside of brackets, where line breaks are spaces. */
export function inBrackets<T>(cursor: Cursor, endsAtLine: boolean, read: () => T): T {
  const before = cursor.endsAtLine
  cursor.endsAtLine = endsAtLine
  cursor.depth += 1
  if (cursor.depth > mostDepth) throw fail(cursor, `it is nested deeper than ${mostDepth} levels`)
  try {
    return read()
  } finally {
    cursor.depth -= 1
    cursor.endsAtLine = before
  }
}

const mostDepth = 200
