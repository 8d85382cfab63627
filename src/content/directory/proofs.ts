import type { Digest } from '#oci'

/** `node:fs`, loaded when it is needed: asking for a status takes less time than a thread does. */
const sync = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/** Files that are remembered; the one asked for least recently is forgotten first. */
const mostProofs = 10_000

/**
 * Which files were read and found to be what their digest says. A proof holds
 * for as long as the file is the same and nothing changed it: the kernel sets
 * the time of change at every write.
 */
export class Proofs {
  readonly #states = new Map<Digest, string>()
  readonly #proving = new Map<Digest, Promise<void>>()
  readonly #now: () => number

  /** `now` tells the time in milliseconds since 1970. */
  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /**
   * Reads the file with `read`, which throws when it is damaged, unless it is
   * proved already. False when there is no file.
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

  /** Runs `change`, which changes the file's times alone, and keeps the proof. */
  async keep<T>(digest: Digest, path: string, change: () => Promise<T>): Promise<T> {
    const isProved = this.#states.has(digest) && this.#states.get(digest) === stateOf(path)
    const result = await change()
    const state = isProved ? stateOf(path) : undefined
    if (state !== undefined) this.#note(digest, state)
    return result
  }

  /** The kernel's clock for files stands still for some milliseconds: a second change would not show. */
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
