import { errno, SystemError, symbols } from './libc.ts'
import { openFlag } from './posix.ts'

const c = symbols({
  openat2: { args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i64', syscall: 437 },
  pread: { args: ['i32', 'ptr', 'u64', 'i64'], returns: 'i64' },
})

const path = new Uint8Array(8192)
const encoder = new TextEncoder()
const nonBlocking = 0o4000
const [resolveNoSymlinks, resolveInRoot] = [0x04, 0x10]
/** Flags, mode and ways of resolving: the same for every file. */
const how = BigUint64Array.of(
  BigInt(openFlag.readOnly | nonBlocking | openFlag.closeOnExec),
  0n,
  BigInt(resolveInRoot | resolveNoSymlinks),
)
const triesWhileRenamed = 100
const [EINTR, EAGAIN, ENAMETOOLONG] = [4, 11, 36]

/**
 * Opens a file or directory below an open directory for reading. Follows no link in the path, and
 * does not wait for the writer of a pipe. Pass a path that is not UTF-8 as bytes. Throws
 * `SystemError`.
 */
export function openBeneath(root: number, relativePath: string | Uint8Array): number {
  path[place(relativePath.length === 0 ? '.' : relativePath)] = 0
  for (let tries = 0; ; tries++) {
    const fd = Number(c().openat2(root, path, how, 24))
    if (fd !== -1) return fd
    const number = errno()
    // The kernel returns EAGAIN when a directory above is renamed during the call.
    if (number !== EAGAIN || tries === triesWhileRenamed) refuse(number, relativePath)
  }
}

/** Reads into `target` from `position` on. Returns the number of bytes, fewer only at the file's end. */
export function readFully(fd: number, target: Uint8Array, position: number): number {
  let done = 0
  while (done < target.length) {
    const rest = done === 0 ? target : target.subarray(done)
    const count = Number(c().pread(fd, rest, rest.length, position + done))
    if (count === 0) break
    if (count > 0) done += count
    else if (errno() !== EINTR) throw new SystemError(errno(), 'pread')
  }
  return done
}

/** Writes a path into the memory that the kernel reads, and returns its length in bytes. */
function place(relativePath: string | Uint8Array): number {
  if (typeof relativePath === 'string') {
    const { read, written } = encoder.encodeInto(relativePath, path)
    if (read === relativePath.length && written < path.length) return written
  } else if (relativePath.length < path.length) {
    path.set(relativePath)
    return relativePath.length
  }
  return refuse(ENAMETOOLONG, relativePath)
}

function refuse(number: number, relativePath: string | Uint8Array): never {
  throw new SystemError(number, 'openat2', Buffer.from(relativePath).toString())
}
