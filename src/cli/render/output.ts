import { isTerminal, windowSize } from '#platform'
import { OutputQueue, type OutputQueueOptions } from './output-queue.ts'

/** A stream that people or programs read. */
export interface Output {
  readonly isTerminal: boolean
  /** A terminal on which lines can be drawn again; TERM=dumb has no such thing. */
  readonly canRedraw: boolean
  readonly color: boolean
  /** Width in cells; 80 where it is not known. */
  columns(): number
  /** Height in lines; 24 where it is not known. */
  rows(): number
  write(text: string | Uint8Array): void
  /** Resolves when the reader has taken everything; `undefined` when it has. */
  drained(): Promise<void> | undefined
}

/**
 * Standard output or error. Before the process ends, `drained` has to be waited for; a
 * reader that went away ends the program as it would end `cat`. Never `process.stdout`:
 * making it takes 10 ms.
 */
export function openOutput(
  fd: 1 | 2,
  options: Pick<OutputQueueOptions, 'onStandstill'> = {},
): Output {
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
