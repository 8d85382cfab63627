import { isSystemError, symbols } from '../call/libc.ts'
import { closeFile } from '../call/posix.ts'
import { isAlive, type ProcessIdentity } from '../process/identity.ts'
import { openProcess } from '../process/stranger.ts'

const c = symbols({ poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' } })

/** Each costs a descriptor of this process. */
const mostProcesses = 1024

interface Known {
  readonly identity: ProcessIdentity
  readonly fd: number
}

/**
 * Answers like `isAlive` with one system call: a process is identified once, and then known by a
 * descriptor, which never becomes that of another process.
 */
export class KnownProcesses implements Disposable {
  readonly #known = new Map<number, Known>()

  isAlive(identity: ProcessIdentity): boolean {
    const known = this.#known.get(identity.pid)
    if (known === undefined) return this.#identify(identity)
    if (!hasEnded(known.fd)) return isSame(known.identity, identity)
    this.#forget(known)
    return isSame(known.identity, identity) ? false : this.#identify(identity)
  }

  #identify(identity: ProcessIdentity): boolean {
    if (this.#known.size >= mostProcesses) this.#forgetEnded()
    if (this.#known.size >= mostProcesses) return isAlive(identity)
    const fd = openIfPossible(identity.pid)
    // Checked after the open: until then the number may have become that of another process.
    const isLiving = isAlive(identity)
    if (fd === undefined) return isLiving
    if (isLiving) this.#known.set(identity.pid, { identity, fd })
    else closeFile(fd)
    return isLiving
  }

  #forgetEnded(): void {
    for (const known of this.#known.values()) if (hasEnded(known.fd)) this.#forget(known)
  }

  #forget({ identity, fd }: Known): void {
    this.#known.delete(identity.pid)
    closeFile(fd)
  }

  [Symbol.dispose](): void {
    for (const known of this.#known.values()) this.#forget(known)
  }
}

/** Returns `undefined` when the process has ended, and where no descriptor is to be had. */
function openIfPossible(pid: number): number | undefined {
  try {
    return openProcess(pid)
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.startTime === other.startTime && one.bootId === other.bootId
}

const readable = 1
/** One `struct pollfd`: the descriptor, the awaited events, and those that happened. */
const polled = new Int32Array(2)
const happened = new Int16Array(polled.buffer, 6, 1)

/** The descriptor of a process becomes readable at its end, before its parent reaps it. */
function hasEnded(fd: number): boolean {
  polled[0] = fd
  polled[1] = readable
  return c().poll(polled, 1, 0) > 0 && happened[0] !== 0
}
