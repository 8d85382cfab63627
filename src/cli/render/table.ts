import { displayWidth, printable } from './text.ts'

/** Docker's columns: left-aligned, padded to the widest cell, three spaces apart, `narrowest` wide at least. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { narrowest = 10 }: { readonly narrowest?: number } = {},
): string {
  const cells = [header, ...rows.map((row) => row.map(printable))]
  const widths = header.map((_, column) =>
    Math.max(narrowest, ...cells.map((row) => displayWidth(row[column] ?? '') + gap)),
  )
  return cells.map((row) => `${formatRow(row, widths)}\n`).join('')
}

const gap = 3

function formatRow(row: readonly string[], widths: readonly number[]): string {
  return row
    .map(
      (cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - displayWidth(cell))),
    )
    .join('')
    .trimEnd()
}

/** Cuts a text to `width` cells; a cut text ends with `…`. */
export function ellipsis(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`
}
