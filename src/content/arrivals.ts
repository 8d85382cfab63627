import type { Digest } from '#oci'
import type { Bytes } from '#stream'

/**
 * Reads content from its first byte while a store receives it: not verified, each
 * chunk in the memory of the one before. Throws when not all of it comes; the
 * `write` that receives it throws the reason.
 */
export type LiveRead = (signal?: AbortSignal) => Bytes

/** A blob on its way into a store. */
export interface ComingBlob {
  /** Absent once the store has it, and for a store that shows nothing before. */
  readonly read: LiveRead | undefined
  /** Waits until the store has it. Throws the reason of the signal that was given. */
  whole(): Promise<void>
}

interface Entry {
  readonly begun: PromiseWithResolvers<void>
  readonly whole: PromiseWithResolvers<void>
  read: LiveRead | undefined
}

/**
 * Which blobs a store has received or is receiving, for those that wait for one.
 * The store begins a blob; `copy` ends it, and all others when it is done.
 */
export class Arrivals {
  readonly #entries = new Map<Digest, Entry>()
  #isDone = false

  /** The store begins to receive a blob, which `read` shows meanwhile. */
  begin(digest: Digest, read: LiveRead): void {
    const entry = this.#get(digest)
    entry.read = read
    entry.begun.resolve()
  }

  /** The store has the blob. */
  end(digest: Digest): void {
    const entry = this.#get(digest)
    entry.read = undefined
    entry.begun.resolve()
    entry.whole.resolve()
  }

  /** No other blob comes: what is not there will not be, and is not waited for. */
  endAll(): void {
    this.#isDone = true
    for (const digest of this.#entries.keys()) this.end(digest)
  }

  /** Waits until a blob begins to come. Throws the reason of `signal` when that aborts first. */
  async of(digest: Digest, signal?: AbortSignal): Promise<ComingBlob> {
    const entry = this.#get(digest)
    if (this.#isDone) this.end(digest)
    await unlessAborted(entry.begun.promise, signal)
    return {
      get read() {
        return entry.read
      },
      whole: () => unlessAborted(entry.whole.promise, signal),
    }
  }

  #get(digest: Digest): Entry {
    const known = this.#entries.get(digest)
    if (known !== undefined) return known
    const created: Entry = {
      begun: Promise.withResolvers(),
      whole: Promise.withResolvers(),
      read: undefined,
    }
    this.#entries.set(digest, created)
    return created
  }
}

async function unlessAborted<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return await promise
  const aborted = Promise.withResolvers<never>()
  const abort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
