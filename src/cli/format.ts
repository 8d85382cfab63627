import type { RowType } from '#docker/columns/row-types'
import type { TemplateUse } from '#docker/formats/documents'
import type { RowSet, RowValue } from '#docker/formats/rows'
import type { Output } from './render/output.ts'
import { formatTable } from './render/table.ts'

/** A value of a row, or a function that makes it. Tables call only the functions of their columns. */
type Cell = string | (() => RowValue)

/** The rows of a list command: the columns of a table, and the fields of `--format`. */
export interface Listing<Row> {
  readonly type: RowType
  readonly columns: readonly { readonly title: string; readonly key: string & keyof Row }[]
  readonly rows: readonly Row[]
  /** The labels of each row, if the rows have labels. */
  readonly labels?: readonly Readonly<Record<string, string>>[] | undefined
}

export type Rows = Readonly<Record<string, Cell>>

/** Prints a listing in the form of `--format`: Docker's table, one JSON object per line, or a Go template. */
export async function printListing<Row extends Rows>(
  output: Output,
  listing: Listing<Row>,
  format: string | undefined,
): Promise<void> {
  // Both mean the same for rows, and JSON needs no template.
  const kind = format === '{{json .}}' ? 'json' : formatKind(format)
  if (kind === 'usual') {
    const titles = listing.columns.map(({ title }) => title)
    const cells = listing.rows.map((row) => listing.columns.map(({ key }) => textOf(row[key])))
    output.write(formatTable(titles, cells))
  } else if (kind === 'json') {
    const lines = plainRows(listing).rows.map((row) => JSON.stringify(sortKeys(row)))
    output.write(lines.map((line) => `${escapeMarkup(escapeControls(line))}\n`).join(''))
  } else {
    const { printRows } = await import('./templates.ts')
    printRows(output, plainRows(listing), format ?? '')
  }
}

/** Returns rows without functions, as JSON and templates need them. */
export function plainRows<Row extends Rows>({
  type,
  rows,
  labels,
}: Omit<Listing<Row>, 'columns'>): RowSet {
  const plain = rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([key, cell]) => [key, cellValue(cell)])),
  )
  return { type, rows: plain, labels }
}

/** Docker escapes these in the JSON of rows, so that lines can be compared. */
function escapeMarkup(json: string): string {
  return json.replaceAll(/[<>&]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`)
}

/** Sorts the keys as Docker does, so that lines can be compared. */
function sortKeys<Value>(row: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function cellValue(cell: Cell | undefined): RowValue {
  return typeof cell === 'function' ? cell() : (cell ?? '')
}

function textOf(cell: Cell | undefined): string {
  const value = cellValue(cell)
  return typeof value === 'string' ? value : ''
}

/**
 * Returns a function that prints one document after the other as JSON or by a template, or
 * `undefined` if `--format` asks for neither. Throws `FormatError`.
 */
export async function openDocumentWriter(
  output: Output,
  format: string | undefined,
  options: TemplateUse = {},
): Promise<((document: object) => void) | undefined> {
  const kind = formatKind(format)
  if (format === undefined || kind === 'usual') return undefined
  if (kind === 'json' && options.kind === undefined) {
    return (document) => printDocument(output, document, 'json')
  }
  const { openTemplateWriter } = await import('./templates.ts')
  return openTemplateWriter(output, format, options)
}

/** Prints an object or list of objects as indented JSON, or on one line for `--format json`. */
export function printDocument(output: Output, value: unknown, format: string | undefined): void {
  const isLine = formatKind(format) === 'json'
  const text = isLine ? JSON.stringify(value) : JSON.stringify(value, null, 4)
  output.write(`${escapeControls(text)}\n`)
}

/** Escapes the characters that control a terminal and that JSON leaves unescaped. The meaning stays the same. */
function escapeControls(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The kind of `--format`: the usual output of the command, JSON, or a template. */
export type FormatKind = 'usual' | 'json' | 'template'

export function formatKind(format: string | undefined): FormatKind {
  if (format === undefined || format === '' || format === 'table') return 'usual'
  return format === 'json' ? 'json' : 'template'
}
