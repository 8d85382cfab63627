import { check, isSystemError, symbols } from '../call/libc.ts'
import { fs } from '../call/node-fs.ts'
import { closeFile, openFile, openFlag, readLink } from '../call/posix.ts'
import { isTerminal } from './terminal.ts'

const calls = symbols({
  pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'i64'], returns: 'i32' },
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
 * Makes a pipe whose writer also has it open for reading. So a writer is not ended by SIGPIPE when
 * the reader is killed: it waits as soon as the pipe is full, until another process reads.
 */
export function makeLastingPipe(): { readonly read: number; readonly write: number } {
  const { read, write } = makePipe()
  const readWrite = 2
  try {
    return { read, write: openFile(`/proc/self/fd/${write}`, readWrite) }
  } catch (error) {
    closeFile(read)
    throw error
  } finally {
    closeFile(write)
  }
}

/** Names a pipe on this machine until it is gone: `pipe:[INODE]`. No file has such a path. */
export function pipeIdentity(fd: number): string {
  return readLink(`/proc/self/fd/${fd}`)
}

/** Descriptors of one process that are looked at. A container chooses how many it has. */
const mostDescriptors = 4096

/**
 * Opens the reading end of a pipe that another process has open. Only the pipe with this identity is
 * opened, whatever the process has put in place of its descriptors. Returns `undefined` when
 * none of the processes has it.
 */
export function openPipeOf(pids: readonly number[], identity: string): number | undefined {
  for (const pid of pids) {
    for (const name of descriptorsOf(pid)) {
      const found = openIfSame(`/proc/${pid}/fd/${name}`, identity)
      if (found !== undefined) return found
    }
  }
  return undefined
}

function descriptorsOf(pid: number): readonly string[] {
  try {
    return fs().readdirSync(`/proc/${pid}/fd`).slice(0, mostDescriptors)
  } catch {
    // The process has ended.
    return []
  }
}

function openIfSame(path: string, identity: string): number | undefined {
  let place: number | undefined
  try {
    // Without reading or writing, so that the open has no effect on what is there.
    place = openFile(path, openFlag.path)
    if (pipeIdentity(place) !== identity) return undefined
    return openFile(`/proc/self/fd/${place}`, openFlag.readOnly)
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  } finally {
    if (place !== undefined) closeFile(place)
  }
}

/** Bytes in a new pipe. */
export const usualPipeSize: number = 64 * 1024
/** The most bytes that a user other than root may ask for. */
const largestPipeSize = 1024 * 1024

const setPipeSize = 1031

/**
 * Makes a pipe larger, so that its two ends wait for each other less often. Does nothing where the kernel
 * refuses it: the memory in the pipes of one user is limited.
 */
export function widenPipe(fd: number): void {
  calls().fcntl(fd, setPipeSize, largestPipeSize)
}

/**
 * Reads a pipe until every writer has closed it, then closes the descriptor. Each
 * chunk has its own memory. A pipe that was full once is made larger.
 */
export async function* readPipe(fd: number): AsyncGenerator<Uint8Array> {
  let isWide = false
  try {
    for await (const chunk of Bun.file(fd).stream()) {
      if (!isWide && chunk.length >= usualPipeSize) {
        widenPipe(fd)
        isWide = true
      }
      yield chunk
    }
  } finally {
    closeFile(fd)
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
