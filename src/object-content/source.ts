import type { Bytes } from '#stream'

/** The bytes of a sender. Tells whether an error is the sender's, and not that of who reads them. */
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
