import { StrakeError } from '#oci'

/** Milliseconds after which the bucket counts as silent, and a waiting upload may take more than there is. */
const usualPatience = 5000

/** A waiting upload is refused after so many times the patience while the bucket is silent. */
const mostPatience = 6

/** Every so many parts of the patience, one upload gets more than there is. */
const turns = 50

/**
 * Memory for bytes on their way to the bucket. Uploads that need more than is left wait in order, so
 * that many of them slow each other down instead of filling the memory. An upload that holds memory may
 * wait for a slow client, or for more memory, so those that have waited for a while get it all the same,
 * one after the other. While the bucket is silent, they get at most as much again as the capacity: no
 * memory comes back then.
 */
export class Budget {
  readonly #reserve: number
  readonly #patience: number
  #left: number
  readonly #waiting: { readonly bytes: number; readonly start: () => void }[] = []
  #sending = 0
  /** When the bucket took something, or began to have something to take. */
  #movedAt = 0
  #exceededAt = 0

  /** `patience` is in milliseconds. */
  constructor(capacity: number, patience: number = usualPatience) {
    this.#left = capacity
    this.#reserve = capacity
    this.#patience = patience
  }

  /** Returns the bytes that the caller has to give back. Throws `UNAVAILABLE` if the bucket takes nothing for long. */
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
    const began = performance.now()
    const timer = setInterval(() => {
      const waited = performance.now() - began
      if (waited < this.#patience) return
      if (this.#mayExceed(bytes)) {
        leave()
        start()
      } else if (this.#isSilent() && waited >= mostPatience * this.#patience) {
        leave()
        const message = 'Cannot receive the upload: the bucket takes nothing'
        turn.reject(new StrakeError('UNAVAILABLE', message))
      }
    }, this.#patience / turns)
    try {
      return await turn.promise
    } finally {
      clearInterval(timer)
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

  /** Runs a request that gives bytes to the bucket. */
  async sending<T>(request: () => Promise<T>): Promise<T> {
    if (this.#sending === 0) this.#movedAt = performance.now()
    this.#sending += 1
    try {
      const answer = await request()
      this.#movedAt = performance.now()
      return answer
    } finally {
      this.#sending -= 1
    }
  }

  #mayExceed(bytes: number): boolean {
    if (this.#isSilent()) return bytes <= this.#left + this.#reserve
    const isTurn = performance.now() - this.#exceededAt >= this.#patience / turns
    if (isTurn) this.#exceededAt = performance.now()
    return isTurn
  }

  #isSilent(): boolean {
    return this.#sending > 0 && performance.now() - this.#movedAt >= this.#patience
  }
}
