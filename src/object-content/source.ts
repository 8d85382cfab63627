import type { Bytes } from '#stream'

/** The bytes of a sender. Says of an error whether the sender caused it, not the reader of the bytes. */
export class Source {
  readonly #bytes: Bytes
  failure: { readonly error: unknown } | undefined

  constructor(bytes: Bytes) {
    this.#bytes = bytes
  }

  async *read(): Bytes {
    try {
      yield* this.#bytes
    } catch (error) {
      this.failure = { error }
      throw error
    }
  }
}
