import type { Digest } from '#oci'
import type { Bytes } from '#stream'

/**
 * Reads content from its first byte while a store receives it. Not verified; each chunk reuses the
 * same buffer. Throws when the transfer fails; the `write` that receives the content throws the
 * reason.
 */
export type LiveRead = (signal?: AbortSignal) => Bytes

/** A blob that a store is receiving. */
export interface ComingBlob {
  /** Absent once the store has the blob, and for stores that do not show partial blobs. */
  readonly read: LiveRead | undefined
  /** Waits until the store has the blob. Throws the reason of the signal passed to `of`. */
  whole(): Promise<void>
}

interface Entry {
  readonly begun: PromiseWithResolvers<void>
  readonly whole: PromiseWithResolvers<void>
  read: LiveRead | undefined
}

/**
 * Records which blobs a store has received or is receiving, so that readers can wait for one. The
 * store calls `begin` for a blob; `copy` calls `end` for it, and `endAll` when it is done.
 */
export class Arrivals {
  readonly #entries = new Map<Digest, Entry>()
  #isDone = false

  /** The store begins to receive a blob, which `read` yields during the transfer. */
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

  /** No other blob will be received: ends all waits. */
  endAll(): void {
    this.#isDone = true
    for (const digest of this.#entries.keys()) this.end(digest)
  }

  /**
   * Waits until the store receives or has a blob. Throws the reason of `signal` if that aborts
   * first.
   */
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
