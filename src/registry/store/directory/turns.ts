/** Runs work about the same thing one after the other, in the order in which it was asked for. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key)
    const { promise: own, resolve: end } = Promise.withResolvers<void>()
    this.#last.set(key, own)
    await before
    try {
      return await work()
    } finally {
      end()
      if (this.#last.get(key) === own) this.#last.delete(key)
    }
  }
}
