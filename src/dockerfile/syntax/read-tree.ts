import { readDirectives } from '../directives.ts'
import { LineReader } from '../lines.ts'
import { readStatements, type Statement } from '../statements.ts'
import type { StatementItem, StatementLine, SyntaxItem, SyntaxTree, TriviaItem } from './tree.ts'

const byteOrderMark = '\ufeff'

/** Reads a Dockerfile without losing a character: `printTree` returns the same text. Never throws. */
export function readTree(text: string): SyntaxTree {
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : ''
  const body = text.slice(mark.length)
  const { directives } = readDirectives(body)
  const raws = splitLines(body)
  const items: SyntaxItem[] = []
  let read = 0
  for (const statement of readStatements(
    new LineReader(body, directives.escape),
    directives.escape,
  )) {
    const { start, end } = statement.range
    items.push(...triviaOf(raws, read, start.line - 1))
    items.push(statementItem(statement, raws.slice(start.line - 1, end.line)))
    read = end.line
  }
  items.push(...triviaOf(raws, read, raws.length))
  return { mark, directives, items }
}

/** Returns the text that the tree was read from. */
export function printTree({ mark, items }: SyntaxTree): string {
  const lines = items.flatMap((item) =>
    item.kind === 'statement' ? item.lines.map(({ raw }) => raw) : [item.raw],
  )
  return mark + lines.join('')
}

/** Splits text into lines that keep their line breaks. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function triviaOf(raws: readonly string[], from: number, to: number): TriviaItem[] {
  return raws.slice(from, to).map((raw, index) => ({
    kind: raw.trim() === '' ? 'blank' : 'comment',
    line: from + index + 1,
    raw,
  }))
}

function statementItem(statement: Statement, raws: readonly string[]): StatementItem {
  const first = statement.range.start.line
  const textEnd = statement.line.range.end.line - first + 1
  const hasBodies = statement.markers.length > 0
  const lines = raws.map((raw, index): StatementLine => {
    const role = index === 0 ? 'text' : index >= textEnd && hasBodies ? 'heredoc' : roleOf(raw)
    return { role, raw }
  })
  return { kind: 'statement', line: first, statement, lines }
}

function roleOf(raw: string): StatementLine['role'] {
  const body = raw.trim()
  if (body === '') return 'blank'
  return body.startsWith('#') ? 'comment' : 'text'
}
