import type { Digest } from '#oci'

/** Returns `node:fs`, loaded at the first use. A synchronous stat is faster than a round trip to a thread. */
const sync = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/** Number of files to remember. The least recently used is forgotten first. */
const mostProofs = 10_000

/**
 * Remembers which files were read and verified. A proof holds while the file is the
 * same and unchanged: the kernel sets the change time (ctime) at every write.
 */
export class Proofs {
  readonly #states = new Map<Digest, string>()
  readonly #proving = new Map<Digest, Promise<void>>()
  readonly #now: () => number

  /** `now` returns the time in milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /**
   * Reads the file with `read` unless it is proved. `read` throws for a damaged file.
   * Returns false when the file is absent.
   */
  async prove(digest: Digest, path: string, read: () => Promise<void>): Promise<boolean> {
    const state = stateOf(path)
    if (state === undefined) return false
    if (this.#states.get(digest) === state) {
      this.#note(digest, state)
      return true
    }
    const proving = this.#proving.get(digest) ?? read()
    this.#proving.set(digest, proving)
    try {
      await proving
    } finally {
      this.#proving.delete(digest)
    }
    if (stateOf(path) === state && this.#isSettled(state)) this.#note(digest, state)
    return true
  }

  /** Calls `change`, which changes only the file's times, and keeps the proof. */
  async keep<T>(digest: Digest, path: string, change: () => Promise<T>): Promise<T> {
    const isProved = this.#states.has(digest) && this.#states.get(digest) === stateOf(path)
    const result = await change()
    const state = isProved ? stateOf(path) : undefined
    if (state !== undefined) this.#note(digest, state)
    return result
  }

  /** The kernel's clock for files advances every few milliseconds, so two changes may have one time. */
  #isSettled(state: string): boolean {
    const changed = Number(state.slice(state.lastIndexOf(' ') + 1)) / 1e6
    return this.#now() - changed > 100
  }

  #note(digest: Digest, state: string): void {
    this.#states.delete(digest)
    this.#states.set(digest, state)
    const [oldest] = this.#states.keys()
    if (this.#states.size > mostProofs && oldest !== undefined) this.#states.delete(oldest)
  }
}

function stateOf(path: string): string | undefined {
  const found = sync().lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (found?.isFile() !== true) return undefined
  return `${found.dev} ${found.ino} ${found.size} ${found.ctimeNs}`
}
