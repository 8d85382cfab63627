import { isTerminal, windowSize, writeDescriptorNow } from '#platform'

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
}

/**
 * Standard output or error. Writes are complete when `write` returns, so the
 * process may end right after; a reader that went away ends the program as it
 * would end `cat`. Never `process.stdout`: making it takes 10 ms.
 */
export function openOutput(fd: 1 | 2): Output {
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
    write: (text) => writeAll(fd, typeof text === 'string' ? Buffer.from(text) : text),
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  let offset = 0
  while (offset < bytes.length) {
    try {
      offset += writeDescriptorNow(fd, bytes.subarray(offset))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') process.exit(141)
      if (code === 'EINTR') continue
      if (code !== 'EAGAIN') throw error
      waitForReader()
    }
  }
}

/** A non-blocking pipe is full: give its reader a moment instead of spinning. */
function waitForReader(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
}
