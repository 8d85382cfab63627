import { elapsed } from '../elapsed.ts'

/** Facts that are true for a while, by key. The oldest of too many are forgotten. */
export class Recent<T> {
  readonly #capacity: number
  readonly #entries = new Map<string, { readonly value: T; readonly at: number }>()
  readonly #now: () => number

  /** `now` returns milliseconds. */
  constructor(capacity: number, now: () => number) {
    this.#capacity = capacity
    this.#now = now
  }

  set(key: string, value: T): void {
    this.#entries.delete(key)
    this.#entries.set(key, { value, at: this.#now() })
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) return
      this.#entries.delete(oldest)
    }
  }

  /** Returns the value if it was set within `lifetime` milliseconds. */
  get(key: string, lifetime: number): T | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && elapsed(this.#now(), entry.at) < lifetime
      ? entry.value
      : undefined
  }

  /** Returns the milliseconds since the value was set, if it is known. */
  age(key: string): number | undefined {
    const entry = this.#entries.get(key)
    const age = entry && elapsed(this.#now(), entry.at)
    return age !== undefined && Number.isFinite(age) ? age : undefined
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }
}
