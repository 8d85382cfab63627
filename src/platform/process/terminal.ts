import { check, symbols } from '../call/libc.ts'

/**
 * Every command makes these calls at its start, so this loads neither `node:tty` (4 ms)
 * nor `node:fs`.
 */
const calls = symbols({
  isatty: { args: ['i32'], returns: 'i32' },
  ioctl: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
})

export interface WindowSize {
  readonly rows: number
  readonly columns: number
}

const getWindowSize = 0x5413
const putWindowSize = 0x5414

/** Whether a descriptor is a terminal. */
export function isTerminal(fd: number): boolean {
  return calls().isatty(fd) === 1
}

/** The size of the terminal behind a descriptor; `undefined` when there is no terminal. */
export function windowSize(fd: number): WindowSize | undefined {
  const size = new Uint16Array(4)
  if (calls().ioctl(fd, getWindowSize, size) !== 0) return undefined
  return { rows: size[0] ?? 0, columns: size[1] ?? 0 }
}

export function setWindowSize(fd: number, size: WindowSize): void {
  const words = new Uint16Array([size.rows, size.columns, 0, 0])
  check(calls().ioctl(fd, putWindowSize, words), 'ioctl', 'TIOCSWINSZ')
}
