import { check, isSystemError, symbols } from '../call/libc.ts'
import { fs } from '../call/node-fs.ts'
import { isTerminal } from './terminal.ts'

const calls = symbols({
  pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
})

const closeOnExec = 0o2000000

/**
 * Creates a pipe. Bun's spawn would create a socket pair, but programs open `/dev/stdout`, and a
 * socket cannot be opened by its path.
 */
export function makePipe(): { readonly read: number; readonly write: number } {
  const ends = new Int32Array(2)
  check(calls().pipe2(ends, closeOnExec), 'pipe2')
  return { read: ends[0] ?? -1, write: ends[1] ?? -1 }
}

/**
 * Reads a pipe until every writer has closed it, then closes the descriptor. Each
 * chunk has its own memory.
 */
export async function* readPipe(fd: number): AsyncGenerator<Uint8Array> {
  try {
    yield* Bun.file(fd).stream()
  } finally {
    fs().closeSync(fd)
  }
}

const terminalChunk = 32 * 1024

/**
 * Reads a descriptor that stays open, such as standard input or a terminal. Each
 * chunk has its own memory.
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
    fs().read(fd, buffer, 0, buffer.length, null, (error, size) => {
      // A terminal whose other side is closed returns EIO instead of an end.
      if (error === null) resolve(size)
      else if (isSystemError(error, 'EIO')) resolve(0)
      else reject(error)
    })
  })
}
