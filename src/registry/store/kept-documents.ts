import type { Descriptor, Digest } from '#oci'

/**
 * Verified manifests and small blobs in memory, by digest. Their bytes cannot change, so other
 * processes need not be asked for them. Those that were used longest ago go first.
 */
export class KeptDocuments {
  readonly #capacity: number
  readonly #documents = new Map<Digest, Uint8Array<ArrayBuffer>>()
  #size = 0

  /** `capacity` is in bytes. */
  constructor(capacity: number = 32 * 1024 * 1024) {
    this.#capacity = capacity
  }

  get(target: Descriptor): Uint8Array<ArrayBuffer> | undefined {
    const kept = this.#documents.get(target.digest)
    if (kept === undefined || kept.byteLength !== target.size) return undefined
    this.#documents.delete(target.digest)
    this.#documents.set(target.digest, kept)
    return kept
  }

  /** `raw` must have been verified against `digest`, and is not changed afterwards. */
  keep(digest: Digest, raw: Uint8Array<ArrayBuffer>): void {
    // One document may take an eighth, so that a large one does not replace all others.
    if (raw.byteLength > this.#capacity / 8) return
    this.drop(digest)
    this.#documents.set(digest, raw)
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
    this.#size -= kept.byteLength
  }
}
