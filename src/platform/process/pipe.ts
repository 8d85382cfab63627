import { closeSync, read } from 'node:fs'
import { check, isSystemError, symbols } from '../call/libc.ts'
import { isTerminal } from './terminal.ts'

const calls = symbols({
  pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
})

const closeOnExec = 0o2000000

/**
 * A real pipe. What a program gets as its output must be one, not the socket
 * pair a spawn makes: programs open `/dev/stdout`, and a socket cannot be opened.
 */
export function makePipe(): { readonly read: number; readonly write: number } {
  const ends = new Int32Array(2)
  check(calls().pipe2(ends, closeOnExec), 'pipe2')
  return { read: ends[0] ?? -1, write: ends[1] ?? -1 }
}

/**
 * What arrives on a pipe until every writer has closed it, each chunk in memory of
 * its own. Closes the descriptor at the end.
 */
export async function* readPipe(fd: number): AsyncGenerator<Uint8Array> {
  try {
    yield* Bun.file(fd).stream()
  } finally {
    closeSync(fd)
  }
}

const terminalChunk = 32 * 1024

/**
 * What arrives on a descriptor that stays open, one of the standard three or a
 * terminal, each chunk in memory of its own.
 */
export async function* readInput(fd: number): AsyncGenerator<Uint8Array> {
  if (!isTerminal(fd)) {
    yield* Bun.file(fd).stream()
    return
  }
  const buffer = new Uint8Array(terminalChunk)
  for (;;) {
    const size = await readSome(fd, buffer)
    if (size === 0) return
    yield buffer.slice(0, size)
  }
}

function readSome(fd: number, buffer: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, buffer, 0, buffer.length, null, (error, size) => {
      // A terminal whose other side is closed answers EIO instead of an end.
      if (error === null) resolve(size)
      else if (isSystemError(error, 'EIO')) resolve(0)
      else reject(error)
    })
  })
}
