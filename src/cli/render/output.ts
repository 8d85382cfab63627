import { isTerminal, windowSize } from '#platform'
import { OutputQueue, type OutputQueueOptions } from './output-queue.ts'

/** Standard output or standard error. */
export interface Output {
  readonly isTerminal: boolean
  /** The output is a terminal that can redraw lines; false for TERM=dumb. */
  readonly canRedraw: boolean
  readonly color: boolean
  /** Width in cells; 80 if unknown. */
  columns(): number
  /** Height in lines; 24 if unknown. */
  rows(): number
  write(text: string | Uint8Array): void
  /** Resolves when the reader has read everything; `undefined` if nothing is pending. */
  drained(): Promise<void> | undefined
}

/**
 * Opens standard output or error. The caller waits for `drained` before the process
 * ends. When the reader closes the pipe, the process ends as `cat` would. Does not use
 * `process.stdout`, because creating it takes 10 ms.
 */
export function openOutput(fd: 1 | 2, options: Omit<OutputQueueOptions, 'fd'> = {}): Output {
  const queue = new OutputQueue({ fd, ...options })
  let terminal: boolean | undefined
  const isDumb = process.env['TERM'] === 'dumb'
  const plain = (process.env['NO_COLOR'] ?? '') !== '' || isDumb
  return {
    get isTerminal() {
      terminal ??= isTerminal(fd)
      return terminal
    },
    get canRedraw() {
      return this.isTerminal && !isDumb
    },
    get color() {
      return this.isTerminal && !plain
    },
    columns: () => windowSize(fd)?.columns || 80,
    rows: () => windowSize(fd)?.rows || 24,
    write: (text) => queue.write(typeof text === 'string' ? Buffer.from(text) : text),
    drained: () => queue.drained(),
  }
}
