import type { Output } from '../output.ts'

export interface TestOutput extends Output {
  /** All written text. */
  readonly text: string
  /** The lines that a terminal of this size shows at the end: scrolled lines and the screen. */
  screen(): readonly string[]
}

export interface TestOutputOptions {
  readonly isTerminal?: boolean
  /** As `isTerminal` unless given. */
  readonly canRedraw?: boolean
  readonly color?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** An output that keeps its text and acts as a terminal or a pipe. */
export function createTestOutput(options: TestOutputOptions = {}): TestOutput {
  const {
    isTerminal = false,
    canRedraw = isTerminal,
    color = false,
    columns = 80,
    rows = 24,
  } = options
  const written: string[] = []
  return {
    isTerminal,
    canRedraw,
    color,
    columns: () => columns,
    rows: () => rows,
    write(text) {
      written.push(typeof text === 'string' ? text : new TextDecoder().decode(text))
    },
    drained: () => undefined,
    get text() {
      return written.join('')
    },
    screen: () => emulate(written.join(''), rows),
  }
}

/** Emulates the sequences that strake uses. The cursor cannot leave the screen, as on a real terminal. */
function emulate(text: string, rows: number): readonly string[] {
  const lines = ['']
  let at = 0
  for (const token of text.match(/\u001b\[\d*[A-Za-z]|\n|[^\u001b\n]+/g) ?? []) {
    const [, count = '', letter] = /^\u001b\[(\d*)([A-Za-z])$/.exec(token) ?? []
    if (letter === 'F') at = Math.max(Math.max(0, lines.length - rows), at - Number(count || 1))
    else if (letter === 'K') lines[at] = ''
    else if (letter === 'J') lines.splice(at, lines.length, '')
    else if (letter !== undefined) continue
    else if (token === '\n') {
      at++
      if (at === lines.length) lines.push('')
    } else lines[at] += token
  }
  return lines.slice(0, -1)
}
