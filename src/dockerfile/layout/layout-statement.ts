import { parseJsonForm } from '../instructions/words.ts'
import { trimEol } from '../lines.ts'
import { Problem } from '../problem.ts'
import type { Statement } from '../statements.ts'
import type { StatementItem } from '../syntax/tree.ts'
import { gapsOf } from './gaps.ts'

const indent = 4

/** Instructions whose arguments are words, so that the white space between them has no meaning. */
const wordLists = new Set(['ADD', 'ARG', 'COPY', 'ENV', 'EXPOSE', 'FROM', 'LABEL', 'VOLUME'])
/** Instructions with a command for a shell, to which white space between words means nothing. */
const commands = new Set(['CMD', 'ENTRYPOINT', 'HEALTHCHECK', 'RUN'])
/** Instructions whose arguments may be a JSON array. */
const jsonForms = new Set(['ADD', 'CMD', 'COPY', 'ENTRYPOINT', 'RUN', 'SHELL', 'VOLUME'])

/** Returns the lines of an instruction in the usual layout, with line breaks. */
export function layoutStatement(item: StatementItem, lineBreak: string): string[] {
  const { statement, lines } = item
  const texts = layoutTexts(statement)
  const roles = lines.map(({ role }) => role)
  const last = roles.lastIndexOf('text')
  // A file that ends in a continuation stays as it is, because its end has no other form.
  const isOpen =
    statement.problem !== undefined || roles.slice(last + 1).some((role) => role !== 'heredoc')
  if (isOpen || texts.length !== roles.filter((role) => role === 'text').length) {
    return lines.map(({ raw }) => (raw.endsWith('\n') ? raw : raw + lineBreak))
  }
  let next = 0
  return lines.flatMap(({ role, raw }) => {
    if (role === 'blank') return []
    if (role === 'comment') return [`${' '.repeat(indent)}${raw.trim()}${lineBreak}`]
    if (role === 'heredoc') return [raw.endsWith('\n') ? raw : raw + lineBreak]
    const text = texts[next++] ?? ''
    const isContinued = next < texts.length
    return [`${text}${isContinued ? statement.escape : ''}${lineBreak}`]
  })
}

/** Returns the text of each line without escape character and line break. */
function layoutTexts(statement: Statement): string[] {
  const { text, line, restAt } = statement
  const isGap = gapsOf(text, statement.escape)
  const json = jsonText(statement)
  const collapseEnd = isWordList(statement) ? text.length : restAt
  // In other instructions, white space is part of the value.
  const freeEnd = commands.has(statement.keyword) ? text.length : collapseEnd
  return line.pieces.map(({ at: start }, index) => {
    const end = line.pieces[index + 1]?.at ?? text.length
    const isFree = end <= freeEnd
    const from = index === 0 || !isFree ? start : skipGap(isGap, start, end)
    const before = index === 0 || !isFree ? '' : indentation(text, { start, from }, isGap)
    const isLast = index === line.pieces.length - 1
    let body = ''
    for (let at = from; at < end; ) {
      const gapEnd = skipGap(isGap, at, end)
      if (gapEnd === at) body += text[at++]
      else {
        const isShort = at < collapseEnd || (isFree && gapEnd === end)
        body += isShort ? ' ' : text.slice(at, gapEnd)
        at = gapEnd
      }
    }
    if (index === 0) body = upperKeyword(body, statement)
    if (isLast) return trimEol(before + (json === undefined ? body : withJson(body, json)))
    return before + (isFree && isGap[end] === 1 && !body.endsWith(' ') ? `${body} ` : body)
  })
}

/** A line that starts inside quotes, or inside a word, keeps its start. */
function indentation(
  text: string,
  { start, from }: { readonly start: number; readonly from: number },
  isGap: Uint8Array,
): string {
  if (from === start) return isGap[start - 1] === 1 ? ' '.repeat(indent) : ''
  const width = text.slice(start, from).replaceAll('\t', ' '.repeat(indent)).length
  return ' '.repeat(Math.max(indent, width))
}

function skipGap(isGap: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && isGap[at] === 1) at++
  return at
}

function upperKeyword(body: string, { keyword, written }: Statement): string {
  const upper = keyword + body.slice(written.length)
  return keyword === 'FROM' ? upper.replace(/ as (\S+)$/i, ' AS $1') : upper
}

function isWordList({ keyword, rest, flags }: Statement): boolean {
  if (!wordLists.has(keyword)) return false
  // The legacy `ENV key value` has a value with blanks.
  const isPairs = keyword === 'ENV' || keyword === 'LABEL'
  return !isPairs || (flags.length === 0 && /^\S*=/.test(rest))
}

/** Returns the JSON array of an exec form on one line, else undefined. */
function jsonText(statement: Statement): string | undefined {
  const { keyword, rest, restAt, line } = statement
  if (!jsonForms.has(keyword) || (line.pieces.at(-1)?.at ?? 0) > restAt) return undefined
  try {
    const words = parseJsonForm(rest)
    return words && `[${words.map((word) => JSON.stringify(word)).join(', ')}]`
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

/** The array is the last thing of the line. Flags before it have no `[` outside quotes. */
function withJson(body: string, json: string): string {
  return body.slice(0, body.search(/(?<=^|\s)\[/)) + json
}
