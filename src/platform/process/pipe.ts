import { close, closeSync, read, write } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
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

/** What arrives on a pipe until every writer has closed it. Closes the descriptor at the end. */
export async function* readPipe(fd: number): AsyncGenerator<Uint8Array> {
  try {
    yield* Bun.file(fd).stream()
  } finally {
    closeSync(fd)
  }
}

/** What arrives on a descriptor that stays open: one of the standard three. */
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

const terminalChunk = 32 * 1024

/** What arrives on the master side of a terminal until nobody has it open. Closes the descriptor. */
export async function* readTerminal(fd: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(terminalChunk)
  try {
    for (;;) {
      const size = await readSome(fd, buffer)
      if (size === 0) return
      yield buffer.slice(0, size)
    }
  } finally {
    close(fd)
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

/**
 * Writes all of `bytes` to a descriptor without stopping the event loop, for as
 * long as its reader takes. False when nobody reads any more.
 */
export async function writeDescriptor(fd: number, bytes: Uint8Array): Promise<boolean> {
  for (let offset = 0; offset < bytes.length; ) {
    const size = await writeSome(fd, bytes.subarray(offset))
    if (size === undefined) return false
    // Somebody made the descriptor non-blocking, and its reader is slow.
    if (size === 0) await sleep(5)
    offset += size
  }
  return true
}

function writeSome(fd: number, bytes: Uint8Array): Promise<number | undefined> {
  return new Promise((resolve) => {
    write(fd, bytes, 0, bytes.length, null, (error, size) => {
      if (error === null) resolve(size)
      else resolve(isSystemError(error, 'EAGAIN') ? 0 : undefined)
    })
  })
}
