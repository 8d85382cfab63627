import type { ContentStore, ReadOptions } from '#content'
import { type Descriptor, limits } from '#oci'
import { toBuffer } from '#stream'
import type { Member, MemberKind } from './facts.ts'
import { KeptDocuments } from './kept-documents.ts'
import { SeenContent } from './seen-content.ts'

/** Blobs of this size or less, such as configs, are kept in memory, as manifests are. */
const smallSize = 16 * 1024

/** The manifests and small blobs of a store. Those that were used lately are read from memory. */
export class StoredDocuments {
  readonly #blobs: ContentStore
  readonly #kept = new KeptDocuments()
  readonly #seen: SeenContent

  constructor(
    blobs: ContentStore,
    { monotonic }: { readonly monotonic?: (() => number) | undefined } = {},
  ) {
    this.#blobs = blobs
    this.#seen = new SeenContent(monotonic)
  }

  /** Returns true for content that `read` may be called for. */
  holds(kind: MemberKind, { size }: Descriptor): boolean {
    return kind === 'manifest' || size <= smallSize
  }

  async read(target: Descriptor, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#kept.get(target)
    if (kept !== undefined) return kept
    try {
      const raw = await toBuffer(this.#blobs.read(target, options), limits.manifestSize)
      this.#kept.keep(target.digest, raw)
      return raw
    } catch (error) {
      this.#seen.forget(target.digest)
      throw error
    }
  }

  /** Returns true if the store has a member, or had it within the last second. */
  async isPresent({ descriptor }: Member): Promise<boolean> {
    return this.#seen.isBelieved(descriptor) || (await this.look(descriptor))
  }

  /** Returns true if the store has content. */
  async look(target: Descriptor): Promise<boolean> {
    const isPresent = await this.#blobs.has(target)
    if (isPresent) this.#seen.see(target)
    else {
      this.#seen.forget(target.digest)
      this.#kept.drop(target.digest)
    }
    return isPresent
  }
}
