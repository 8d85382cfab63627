import { until } from './servers.ts'
import { program, type Strake } from './strake.ts'

/** A user at a terminal of 24 rows and 80 columns. */
export interface Terminal {
  type(keys: string): void
  resize(columns: number, rows: number): void
  /** The text shown so far, with the escape sequences. */
  text(): string
  /** Waits until a text was shown. */
  shows(text: string): Promise<void>
  readonly exited: Promise<number>
}

export interface TerminalOptions {
  readonly columns?: number
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Another program than strake, such as a shell. */
  readonly program?: string
}

/** Runs `strake ...args`, or another program with these arguments, at a terminal. */
export function openTerminal(
  { env }: Pick<Strake, 'env'>,
  args: readonly string[],
  options: TerminalOptions = {},
): Terminal {
  let shown = ''
  const decoder = new TextDecoder()
  const child = Bun.spawn([options.program ?? program, ...args], {
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...env, ...options.env },
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    terminal: {
      cols: options.columns ?? 80,
      rows: 24,
      data: (_terminal, data) => {
        shown += decoder.decode(data, { stream: true })
      },
    },
  })
  return {
    type: (keys) => void child.terminal?.write(keys),
    resize: (columns, rows) => child.terminal?.resize(columns, rows),
    text: () => shown,
    shows: (text) => until(async () => shown.includes(text)),
    exited: child.exited,
  }
}
