import { displayWidth } from './text.ts'

const gap = 3
const narrowest = 10

/**
 * Aligns cells that end with a tab, as Docker does: a column is as wide as its widest cell
 * in neighbouring lines that have one, and ten wide at least. Text after the last tab of a line
 * has no column and is not padded.
 */
export function alignTabs(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'))
  const most = Math.max(...lines.map(({ length }) => length)) - 1
  for (let column = 0; column < most; column++) alignColumn(lines, column)
  return lines.map((cells) => cells.join('')).join('\n')
}

function alignColumn(lines: string[][], column: number): void {
  const hasCell = (row: number): boolean => column < (lines[row]?.length ?? 0) - 1
  for (let first = 0; first < lines.length; first++) {
    if (!hasCell(first)) continue
    let end = first
    let width = narrowest
    for (; hasCell(end); end++) width = Math.max(width, widthOf(lines[end], column) + gap)
    for (; first < end; first++) {
      const cells = lines[first] ?? []
      const missing = width - widthOf(cells, column)
      cells[column] = (cells[column] ?? '') + ' '.repeat(missing)
    }
  }
}

function widthOf(cells: readonly string[] | undefined, column: number): number {
  return displayWidth(cells?.[column] ?? '')
}
