import type { Descriptor, Digest } from '#oci'

/** Milliseconds for which content that was there is believed to be there. */
const belief = 1000

/** The most content that is remembered. Together it has some two megabytes. */
const capacity = 10_000

interface Seen {
  readonly size: number
  at: number
}

/**
 * Content that a store had a moment ago. A collection removes nothing that was looked for within the
 * last minute, so the store need not be asked again by each of many requests.
 */
export class SeenContent {
  readonly #seen = new Map<Digest, Seen>()
  readonly #now: () => number

  /** `now` returns milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Returns true when the store had the content within the last second. */
  isBelieved({ digest, size }: Descriptor): boolean {
    const seen = this.#seen.get(digest)
    return seen !== undefined && seen.size === size && this.#now() - seen.at < belief
  }

  /** Records that the store has content. */
  see({ digest, size }: Descriptor): void {
    const seen = this.#seen.get(digest)
    if (seen?.size === size) {
      seen.at = this.#now()
      return
    }
    if (this.#seen.size >= capacity) this.#seen.clear()
    this.#seen.set(digest, { size, at: this.#now() })
  }

  /** Records that the store does not have content, or that it is damaged. */
  forget(digest: Digest): void {
    this.#seen.delete(digest)
  }
}
