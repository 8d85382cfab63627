import type { Descriptor, Digest } from '#oci'

/** Milliseconds for which a document that was there is believed to be there. */
const belief = 1000

interface Kept {
  readonly raw: Uint8Array<ArrayBuffer>
  /** When the store was last seen to have it, by the clock of `performance`. */
  seenAt: number
}

/**
 * Verified manifests in memory, by digest. Their bytes cannot change, so other processes need not
 * be asked for them. Whether the store still has them is asked again after a second. The documents
 * that were used longest ago go first.
 */
export class KeptDocuments {
  readonly #capacity: number
  readonly #documents = new Map<Digest, Kept>()
  #size = 0

  /** `capacity` is in bytes. */
  constructor(capacity: number = 32 * 1024 * 1024) {
    this.#capacity = capacity
  }

  /** Returns true when the store had the document within the last second. */
  isBelieved(target: Descriptor): boolean {
    const kept = this.#documents.get(target.digest)
    return (
      kept !== undefined &&
      kept.raw.byteLength === target.size &&
      performance.now() - kept.seenAt < belief
    )
  }

  /** Records that the store has a document. */
  see(digest: Digest): void {
    const kept = this.#documents.get(digest)
    if (kept !== undefined) kept.seenAt = performance.now()
  }

  get(target: Descriptor): Uint8Array<ArrayBuffer> | undefined {
    const kept = this.#documents.get(target.digest)
    if (kept === undefined || kept.raw.byteLength !== target.size) return undefined
    this.#documents.delete(target.digest)
    this.#documents.set(target.digest, kept)
    return kept.raw
  }

  /** `raw` must have been verified against `digest`, and is not changed afterwards. */
  keep(digest: Digest, raw: Uint8Array<ArrayBuffer>): void {
    // One document may take an eighth, so that a large one does not replace all others.
    if (raw.byteLength > this.#capacity / 8) return
    this.drop(digest)
    this.#documents.set(digest, { raw, seenAt: performance.now() })
    this.#size += raw.byteLength
    for (const oldest of this.#documents.keys()) {
      if (this.#size <= this.#capacity) return
      this.drop(oldest)
    }
  }

  drop(digest: Digest): void {
    const kept = this.#documents.get(digest)
    if (kept === undefined) return
    this.#documents.delete(digest)
    this.#size -= kept.raw.byteLength
  }
}
