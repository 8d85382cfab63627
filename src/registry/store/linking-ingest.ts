import type { Ingest } from '#content'
import type { Digest } from '#oci'
import type { Bytes } from '#stream'

/** An ingest that links its content to the repository at the commit. */
export class LinkingIngest implements Ingest {
  readonly #ingest: Ingest
  readonly #link: (digest: Digest, size: number) => Promise<void>

  constructor(ingest: Ingest, link: (digest: Digest, size: number) => Promise<void>) {
    this.#ingest = ingest
    this.#link = link
  }

  get id(): string {
    return this.#ingest.id
  }

  get size(): number {
    return this.#ingest.size
  }

  append(bytes: Bytes): Promise<void> {
    return this.#ingest.append(bytes)
  }

  async commit(expected?: Digest): Promise<Digest> {
    const { size } = this.#ingest
    const digest = await this.#ingest.commit(expected)
    await this.#link(digest, size)
    return digest
  }

  async refresh(): Promise<void> {
    await this.#ingest.refresh?.()
  }

  abort(): Promise<void> {
    return this.#ingest.abort()
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#ingest[Symbol.asyncDispose]()
  }
}
