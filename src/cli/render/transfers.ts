import type { ProgressEvent } from '#stream'
import { type Output, printable } from './output.ts'
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

/** Shows blobs on the move: redrawn lines on a terminal, one line per finished blob in a pipe. */
export function renderTransfers(output: Output): {
  emit(event: ProgressEvent): void
  finish(): void
} {
  const rows = new Map<string, string>()
  let drawn = 0
  let last = 0
  const draw = (): void => {
    const up = drawn === 0 ? '' : `\u001b[${drawn}F`
    const lines = [...rows].map(([id, text]) => `${id}: ${text}`.slice(0, output.columns() - 1))
    output.write(`${up}${lines.map((line) => `\u001b[2K${line}\n`).join('')}`)
    drawn = lines.length
  }
  return {
    emit(event) {
      if (event.type === 'warning' || event.type === 'status') {
        const prefix = event.type === 'warning' ? 'WARN: ' : ''
        output.write(`${prefix}${printable(event.message)}\n`)
        drawn = 0
      }
      if (event.type !== 'transfer') return
      const text = describe(event)
      if (!output.isTerminal) {
        if (event.done || event.action === 'retry') output.write(`${shortId(event.id)}: ${text}\n`)
        return
      }
      rows.set(shortId(event.id), text)
      if (!event.done && performance.now() - last < 50) return
      last = performance.now()
      draw()
    },
    finish() {
      if (output.isTerminal && rows.size > 0) draw()
      rows.clear()
      drawn = 0
    },
  }
}

function describe(event: TransferEvent): string {
  const [during, after] = verbs[event.action]
  if (event.done) return after
  if (event.total === undefined) return `${during} ${formatSize(event.current)}`
  return `${during} ${bar(event.current / Math.max(1, event.total))} ${formatSize(event.current)}/${formatSize(event.total)}`
}

function bar(fraction: number): string {
  const width = 30
  const filled = Math.min(width, Math.max(0, Math.floor(fraction * width)))
  return `[${'='.repeat(filled)}>${' '.repeat(width - filled)}]`
}
