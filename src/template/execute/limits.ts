import type { Charge } from '../value/function.ts'

/** What a template may use before it is stopped. */
export interface Limits {
  /** Nodes that are executed, and rounds of ranges. */
  readonly steps: number
  /** Bytes that are written, and that functions make. */
  readonly bytes: number
  /** Blocks and called templates inside each other. Go allows a hundred times as many templates. */
  readonly depth: number
}

export const defaultLimits: Limits = {
  steps: 10_000_000,
  bytes: 256 * 1024 * 1024,
  depth: 1000,
}

/** A limit that was reached. */
export class LimitError extends Error {
  override readonly name = 'LimitError'
}

/** Counts what one execution uses. */
export class Budget {
  readonly #limits: Limits
  #steps = 0
  #bytes = 0

  constructor(limits: Limits) {
    this.#limits = limits
  }

  readonly charge: Charge = (bytes) => {
    this.#bytes += bytes
    if (this.#bytes > this.#limits.bytes) {
      throw new LimitError(`exceeded maximum output (${this.#limits.bytes} bytes)`)
    }
  }

  step(): void {
    this.#steps++
    if (this.#steps > this.#limits.steps) {
      throw new LimitError(`exceeded maximum number of steps (${this.#limits.steps})`)
    }
  }

  get depth(): number {
    return this.#limits.depth
  }
}
