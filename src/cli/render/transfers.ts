import type { ProgressEvent } from '#stream'
import { liveArea } from './live.ts'
import type { Output } from './output.ts'
import { fit, printable } from './text.ts'
import { formatSize, shortId } from './units.ts'

type TransferEvent = Extract<ProgressEvent, { type: 'transfer' }>

const verbs: Readonly<Record<TransferEvent['action'], readonly [during: string, after: string]>> = {
  download: ['Downloading', 'Pull complete'],
  upload: ['Pushing', 'Pushed'],
  unpack: ['Extracting', 'Extracted'],
  compress: ['Compressing', 'Compressed'],
  read: ['Reading', 'Read'],
  exists: ['Already exists', 'Already exists'],
  mount: ['Mounted', 'Mounted'],
  retry: ['Retrying', 'Retrying'],
}

interface Row {
  readonly text: string
  readonly done: boolean
}

/** Milliseconds between two drawings. */
const pause = 50

/** Shows transfers of blobs: redrawn lines on a terminal, one line per finished blob in a pipe. */
export function renderTransfers(output: Output): {
  emit(event: ProgressEvent): void
  finish(): void
} {
  const rows = new Map<string, Row>()
  const area = liveArea(output)
  let last = Number.NEGATIVE_INFINITY
  const settle = (): void => {
    if (output.canRedraw && rows.size > 0) area.settle(compose(rows, output, rows.size))
    rows.clear()
  }
  return {
    emit(event) {
      if (event.type === 'warning' || event.type === 'status') {
        settle()
        const prefix = event.type === 'warning' ? 'WARN: ' : ''
        output.write(`${prefix}${printable(event.message)}\n`)
      }
      if (event.type !== 'transfer') return
      const id = titleOf(event)
      const row = { text: describe(event, output.columns()), done: event.done === true }
      if (!output.canRedraw) {
        if (row.done || event.action === 'retry') output.write(`${id}: ${row.text}\n`)
        return
      }
      rows.set(id, row)
      if (performance.now() - last < pause) return
      last = performance.now()
      area.draw(compose(rows, output, output.rows() - 1))
    },
    finish: settle,
  }
}

/** Shows active transfers before finished ones when there is not room for all. */
function compose(rows: ReadonlyMap<string, Row>, output: Output, room: number): string[] {
  const all = [...rows]
  const moving = all.filter(([, { done }]) => !done).slice(0, room)
  const done = all.filter(([, row]) => row.done)
  const kept = new Set([...moving, ...done.slice(Math.max(0, done.length - room + moving.length))])
  return all
    .filter((row) => kept.has(row))
    .map(([id, { text }]) => fit(`${id}: ${text}`, output.columns() - 1))
}

/** The beginning of a digest; an archive that is being read has no digest yet. */
function titleOf({ id }: TransferEvent): string {
  return /^sha\d+:/.test(id) ? shortId(id) : printable(id)
}

function describe(event: TransferEvent, columns: number): string {
  const [during, after] = verbs[event.action]
  if (event.done) return after
  const current = formatSize(event.current)
  if (event.total === undefined) return `${during} ${current}`
  const fraction = event.current / Math.max(1, event.total)
  return `${during} ${bar(fraction, columns)}${current}/${formatSize(event.total)}`
}

/** Cells for the ID, the verb, two sizes and the separators. */
const besideBar = 48

/** The bar gets the width that the numbers leave. */
function bar(fraction: number, columns: number): string {
  const width = Math.min(30, columns - besideBar)
  if (width < 5) return ''
  const filled = Math.min(width, Math.max(0, Math.floor(fraction * width)))
  return `[${'='.repeat(filled)}>${' '.repeat(width - filled)}] `
}
