import { StrakeError } from '#oci'
import type { Output } from './render/output.ts'
import { formatTable } from './render/table.ts'

/** A value of a row, or a function that makes it. JSON calls the functions; tables do not. */
type Cell = string | (() => string)

/** The rows of a list command: the columns of a table, and the keys of `--format json`. */
export interface Listing<Row> {
  readonly columns: readonly { readonly title: string; readonly key: string & keyof Row }[]
  readonly rows: readonly Row[]
}

/** Prints a listing in the form of `--format`: Docker's table, or one JSON object per line. */
export function printListing<Row extends Readonly<Record<string, Cell>>>(
  output: Output,
  listing: Listing<Row>,
  format: string | undefined,
): void {
  if (wantsJson(format)) {
    output.write(
      listing.rows.map((row) => `${escapeControls(JSON.stringify(sortKeys(row)))}\n`).join(''),
    )
    return
  }
  const titles = listing.columns.map(({ title }) => title)
  const cells = listing.rows.map((row) => listing.columns.map(({ key }) => textOf(row[key])))
  output.write(formatTable(titles, cells))
}

/** Sorts the keys as Docker does, so that lines can be compared. */
function sortKeys(row: Readonly<Record<string, Cell>>): Readonly<Record<string, string>> {
  const entries = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, cell]) => [key, textOf(cell)]))
}

function textOf(cell: Cell | undefined): string {
  return typeof cell === 'function' ? cell() : (cell ?? '')
}

/** Prints an object or list of objects as indented JSON, or on one line for `--format json`. */
export function printDocument(output: Output, value: unknown, format: string | undefined): void {
  const text = wantsJson(format) ? JSON.stringify(value) : JSON.stringify(value, null, 4)
  output.write(`${escapeControls(text)}\n`)
}

/** Escapes the characters that control a terminal and that JSON leaves unescaped. The meaning stays the same. */
function escapeControls(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Throws `UNSUPPORTED` for a template: this version does not evaluate templates. */
export function wantsJson(format: string | undefined): boolean {
  if (format === undefined || format === '' || format === 'table') return false
  if (format === 'json' || format === '{{json .}}') return true
  throw new StrakeError('UNSUPPORTED', `Cannot print with --format '${format}': unknown format`, {
    remedy: 'use --format json, and a program such as jq',
  })
}
