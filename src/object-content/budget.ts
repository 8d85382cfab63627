/** Milliseconds after which those who wait go on without memory of their own. */
const patience = 5000

/**
 * Memory for bytes on their way to the bucket. Those who need more than is left wait in order, so
 * that many uploads slow each other down instead of filling the memory. Nobody waits for ever: an
 * upload that holds memory may wait for a slow client.
 */
export class Budget {
  #left: number
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = []

  constructor(capacity: number) {
    this.#left = capacity
  }

  /** Returns the bytes that the caller has to give back. */
  async take(bytes: number): Promise<number> {
    if (this.#waiting.length === 0 && bytes <= this.#left) {
      this.#left -= bytes
      return bytes
    }
    const turn = Promise.withResolvers<number>()
    const waiting = { bytes, start: () => turn.resolve(bytes) }
    this.#waiting.push(waiting)
    const timer = setTimeout(() => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
      turn.resolve(0)
    }, patience)
    try {
      return await turn.promise
    } finally {
      clearTimeout(timer)
    }
  }

  giveBack(bytes: number): void {
    this.#left += bytes
    for (;;) {
      const next = this.#waiting[0]
      if (next === undefined || next.bytes > this.#left) return
      this.#left -= next.bytes
      this.#waiting.shift()
      next.start()
    }
  }
}
