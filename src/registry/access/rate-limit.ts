import { networkOf } from '../identity/login-guard.ts'
import { TooManyError } from '../server/refusals.ts'

const mostKnown = 50_000

interface Bucket {
  readonly tokens: number
  readonly at: number
}

/** Limits requests per second of one user or address. Memory is bounded. */
export class RateLimit {
  readonly #rate: number
  readonly #burst: number
  readonly #now: () => number
  readonly #buckets = new Map<string, Bucket>()

  constructor(options: {
    readonly rate: number
    readonly burst?: number | undefined
    readonly now: () => number
  }) {
    this.#rate = options.rate
    this.#burst = options.burst ?? options.rate * 10
    this.#now = options.now
  }

  /** Counts a request. Throws `TooManyError` if it comes too early. */
  take(kind: 'user' | 'address', name: string): void {
    const key = kind === 'user' ? `user ${name}` : `address ${networkOf(name)}`
    const now = this.#now()
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: this.#burst, at: now }
    const full = Math.min(this.#burst, tokens + (Math.max(0, now - at) / 1000) * this.#rate)
    if (full < 1) {
      const message = `Cannot serve the request: more than ${this.#rate} requests per second`
      throw new TooManyError(message, (1 - full) / this.#rate)
    }
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: full - 1, at: now })
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > mostKnown && oldest !== undefined) this.#buckets.delete(oldest)
  }
}
