import type { ContentStore, ReadOptions } from '#content'
import { type Descriptor, limits } from '#oci'
import { toBuffer } from '#stream'
import type { Member } from './facts.ts'
import { KeptDocuments } from './kept-documents.ts'

/** The manifests of a store. Those that were used lately are read from memory. */
export class StoredDocuments {
  readonly #blobs: ContentStore
  readonly #kept = new KeptDocuments()

  constructor(blobs: ContentStore) {
    this.#blobs = blobs
  }

  async read(target: Descriptor, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const kept = this.#kept.get(target)
    if (kept !== undefined) return kept
    const raw = await toBuffer(this.#blobs.read(target, options), limits.manifestSize)
    this.#kept.keep(target.digest, raw)
    return raw
  }

  /** Returns true if the store has a member, or had the manifest within the last second. */
  async isPresent({ kind, descriptor }: Member): Promise<boolean> {
    if (kind === 'manifest' && this.#kept.isBelieved(descriptor)) return true
    const isPresent = await this.#blobs.has(descriptor)
    if (isPresent) this.#kept.see(descriptor.digest)
    else this.#kept.drop(descriptor.digest)
    return isPresent
  }
}
