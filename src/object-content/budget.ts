import { StrakeError } from '#oci'

/** Milliseconds after which a waiting upload may take from the reserve. */
const patience = 5000

/** Milliseconds after which a waiting upload is refused. */
const longest = 30_000

/**
 * Memory for bytes on their way to the bucket. Uploads that need more than is left wait in order, so
 * that many of them slow each other down instead of filling the memory. An upload that holds memory may
 * wait for a slow client, so an upload that has waited for a while gets memory from a reserve. The
 * reserve is as large as the capacity.
 */
export class Budget {
  readonly #reserve: number
  #left: number
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = []

  constructor(capacity: number) {
    this.#left = capacity
    this.#reserve = capacity
  }

  /** Returns the bytes that the caller has to give back. Throws `UNAVAILABLE` if there are none for long. */
  async take(bytes: number): Promise<number> {
    if (this.tryTake(bytes)) return bytes
    const turn = Promise.withResolvers<number>()
    const start = (): void => {
      this.#left -= bytes
      turn.resolve(bytes)
    }
    const waiting = { bytes, start }
    this.#waiting.push(waiting)
    const leave = (): void => {
      const place = this.#waiting.indexOf(waiting)
      if (place >= 0) this.#waiting.splice(place, 1)
    }
    const timer = setInterval(() => {
      if (bytes > this.#left + this.#reserve) return
      leave()
      start()
    }, patience)
    const refusal = setTimeout(() => {
      leave()
      const message = 'Cannot receive the upload: too many others are waiting for the bucket'
      turn.reject(new StrakeError('UNAVAILABLE', message))
    }, longest)
    try {
      return await turn.promise
    } finally {
      clearInterval(timer)
      clearTimeout(refusal)
    }
  }

  /** Takes bytes that are there and that nobody waits for, and returns whether it did. */
  tryTake(bytes: number): boolean {
    if (this.#waiting.length > 0 || bytes > this.#left) return false
    this.#left -= bytes
    return true
  }

  giveBack(bytes: number): void {
    this.#left += bytes
    for (;;) {
      const next = this.#waiting[0]
      if (next === undefined || next.bytes > this.#left) return
      this.#waiting.shift()
      next.start()
    }
  }
}
