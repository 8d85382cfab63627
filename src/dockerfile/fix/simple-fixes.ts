import type { Diagnostic } from '../ast.ts'
import { parsePortSpec } from '../instructions/ports.ts'
import type { Span } from '../instructions/source.ts'
import { rangeIn } from '../lines.ts'
import type { Statement } from '../statements.ts'
import type { StatementItem } from '../syntax/tree.ts'
import type { TextEdit } from './edits.ts'

/** Returns the edit that replaces a part of the text of an instruction. */
export function replace({ line }: Statement, { start, end }: Span, text: string): TextEdit {
  return { range: rangeIn(line.pieces, start, end), text }
}

/** Returns the words after the flags, split at white space. */
export function restWords({ text, restAt }: Statement): (Span & { readonly text: string })[] {
  return [...text.slice(restAt).matchAll(/\S+/g)].map((match) => {
    const start = restAt + match.index
    return { start, end: start + match[0].length, text: match[0] }
  })
}

export function matchCase({ statement }: StatementItem, { message }: Diagnostic): TextEdit[] {
  const { written } = statement
  const isLower = message.endsWith('(lowercase)')
  const right = isLower ? written.toLowerCase() : written.toUpperCase()
  return [replace(statement, { start: 0, end: written.length }, right)]
}

export function matchAs({ statement }: StatementItem): TextEdit[] {
  const as = restWords(statement)[1]
  if (as === undefined) return []
  const isLower = statement.written === statement.written.toLowerCase()
  return [replace(statement, as, isLower ? 'as' : 'AS')]
}

export function lowerStageName({ statement }: StatementItem): TextEdit[] {
  const name = restWords(statement)[2]
  return name === undefined ? [] : [replace(statement, name, name.text.toLowerCase())]
}

/** Removes the flag and the white space after it. */
export function withoutPlatform({ statement }: StatementItem): TextEdit[] {
  const index = statement.flags.findIndex((flag) => flag.startsWith('--platform='))
  const span = statement.flagSpans[index]
  if (span === undefined) return []
  const end = statement.flagSpans[index + 1]?.start ?? statement.restAt
  return [replace(statement, { start: span.start, end }, '')]
}

export function withoutEmptyLines({ line, lines }: StatementItem): TextEdit[] {
  return lines.flatMap(({ role }, index) => {
    const start = { line: line + index, column: 0 }
    const end = { line: line + index + 1, column: 0 }
    return role === 'blank' ? [{ range: { start, end }, text: '' }] : []
  })
}

/** Inserts an empty line, so that the comment above describes nothing. */
export function separateComment({ line, lines }: StatementItem): TextEdit[] {
  const position = { line, column: 0 }
  const lineBreak = lines[0]?.raw.endsWith('\r\n') ? '\r\n' : '\n'
  return [{ range: { start: position, end: position }, text: lineBreak }]
}

export function lowerProtocols({ statement }: StatementItem): TextEdit[] {
  return editPorts(statement, (port) => {
    const [numbers = '', protocol] = port.split('/')
    return protocol === undefined ? port : `${numbers}/${protocol.toLowerCase()}`
  })
}

export function containerPorts({ statement }: StatementItem): TextEdit[] {
  return editPorts(statement, (port) => port.slice(port.lastIndexOf(':') + 1))
}

/** Words with variables or quotes stay as they are. */
function editPorts(statement: Statement, edit: (port: string) => string): TextEdit[] {
  return restWords(statement).flatMap((word) => {
    if (parsePortSpec(word.text) === undefined) return []
    const right = edit(word.text)
    return right === word.text ? [] : [replace(statement, word, right)]
  })
}
