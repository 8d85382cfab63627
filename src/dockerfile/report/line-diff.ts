import { splitLines } from '../syntax/read-tree.ts'

const contextLines = 3
/** With more changed lines, the search is replaced by one change of all lines between the equal ends. */
const maxChanges = 2000

interface Line {
  readonly sign: ' ' | '-' | '+'
  readonly text: string
}

/** Returns the change of a file in the unified format, or nothing for equal texts. */
export function unifiedDiff(before: string, after: string, name: string): string {
  if (before === after) return ''
  const lines = diffLines(splitLines(before), splitLines(after))
  const path = name.replace(/^\/+/, '')
  return `--- a/${path}\n+++ b/${path}\n${hunks(lines).join('')}`
}

function diffLines(a: readonly string[], b: readonly string[]): Line[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  const most = Math.min(a.length, b.length) - head
  while (tail < most && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const same = (text: string): Line => ({ sign: ' ', text })
  const middle = shortest(a.slice(head, a.length - tail), b.slice(head, b.length - tail))
  return [...a.slice(0, head).map(same), ...middle, ...a.slice(a.length - tail).map(same)]
}

/** The greedy search of Myers for the fewest removed and added lines. */
function shortest(a: readonly string[], b: readonly string[]): Line[] {
  const reached: number[][] = []
  let row: number[] = [0]
  const at = (list: readonly number[], diagonal: number, size: number): number =>
    list[diagonal + size] ?? -1
  for (let size = 0; size <= Math.min(a.length + b.length, maxChanges); size++) {
    const next: number[] = []
    for (let diagonal = -size; diagonal <= size; diagonal += 2) {
      const isDown =
        diagonal === -size ||
        (diagonal !== size && at(row, diagonal - 1, size - 1) < at(row, diagonal + 1, size - 1))
      let x = isDown ? at(row, diagonal + 1, size - 1) : at(row, diagonal - 1, size - 1) + 1
      if (size === 0) x = 0
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++
      next[diagonal + size] = x
      if (x >= a.length && x - diagonal >= b.length) return trace(a, b, [...reached, next])
    }
    reached.push(next)
    row = next
  }
  return [
    ...a.map((text): Line => ({ sign: '-', text })),
    ...b.map((text): Line => ({ sign: '+', text })),
  ]
}

function trace(a: readonly string[], b: readonly string[], reached: readonly number[][]): Line[] {
  const out: Line[] = []
  let x = a.length
  let y = b.length
  for (let size = reached.length - 1; size > 0; size--) {
    const row = reached[size - 1] ?? []
    const at = (diagonal: number): number => row[diagonal + size - 1] ?? -1
    const diagonal = x - y
    const isDown = diagonal === -size || (diagonal !== size && at(diagonal - 1) < at(diagonal + 1))
    const fromX = isDown ? at(diagonal + 1) : at(diagonal - 1)
    const fromY = fromX - (isDown ? diagonal + 1 : diagonal - 1)
    while (x > fromX && y > fromY && x > 0 && y > 0 && a[x - 1] === b[y - 1]) {
      x--
      y--
      out.push({ sign: ' ', text: a[x] ?? '' })
    }
    if (isDown) out.push({ sign: '+', text: b[--y] ?? '' })
    else out.push({ sign: '-', text: a[--x] ?? '' })
  }
  while (x > 0) out.push({ sign: ' ', text: a[--x] ?? '' })
  return out.reverse()
}

function hunks(lines: readonly Line[]): string[] {
  const changed = lines.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]))
  const groups: { from: number; to: number }[] = []
  for (const index of changed) {
    const last = groups.at(-1)
    const from = Math.max(0, index - contextLines)
    const to = Math.min(lines.length, index + contextLines + 1)
    if (last !== undefined && from <= last.to) last.to = to
    else groups.push({ from, to })
  }
  let [oldLine, newLine, read] = [1, 1, 0]
  return groups.map(({ from, to }) => {
    const skipped = lines.slice(read, from)
    oldLine += countOf(skipped, '+')
    newLine += countOf(skipped, '-')
    const shown = lines.slice(from, to)
    const [olds, news] = [countOf(shown, '+'), countOf(shown, '-')]
    const head = `@@ -${place(oldLine, olds)} +${place(newLine, news)} @@\n`
    oldLine += olds
    newLine += news
    read = to
    return head + shown.map(printLine).join('')
  })
}

/** The number of lines without those of one sign. */
function countOf(lines: readonly Line[], without: Line['sign']): number {
  return lines.filter(({ sign }) => sign !== without).length
}

function place(line: number, count: number): string {
  const start = count === 0 ? line - 1 : line
  return count === 1 ? `${start}` : `${start},${count}`
}

function printLine({ sign, text }: Line): string {
  return text.endsWith('\n') ? sign + text : `${sign}${text}\n\\ No newline at end of file\n`
}
