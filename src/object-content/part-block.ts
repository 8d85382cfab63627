import type { Budget } from './budget.ts'

/** Bytes of a part. S3 takes 5 MiB at least, and 10,000 parts. */
export const partSize: number = 8 * 1024 * 1024

/** Bytes of a block that has begun, which no budget counts. */
const startSize = 64 * 1024

/** A part of an upload while it fills. It grows with its bytes, by memory of a budget. */
export class PartBlock implements Disposable {
  readonly #budget: Budget
  #block: Uint8Array<ArrayBuffer> = new Uint8Array(startSize)
  #filled = 0
  #held = 0

  constructor(budget: Budget) {
    this.#budget = budget
  }

  get isFull(): boolean {
    return this.#filled === partSize
  }

  /** What was added. The next `clear` leaves it to the caller. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#block.subarray(0, this.#filled)
  }

  /** Adds as many of the bytes as fit into the part, and returns their number. */
  async add(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, partSize - this.#filled)
    await this.reserve(this.#filled + part.length)
    this.#block.set(part, this.#filled)
    this.#filled += part.length
    return part.length
  }

  /** Makes room for `size` bytes in all. Throws `UNAVAILABLE` if the budget has none for long. */
  async reserve(size: number): Promise<void> {
    const block = this.#block
    if (size <= block.length) return
    const length = Math.min(partSize, Math.max(2 * block.length, size))
    this.#held += await this.#budget.take(length - block.length)
    this.#block = new Uint8Array(length)
    this.#block.set(block.subarray(0, this.#filled))
    // Its memory is free at once.
    block.buffer.transfer(0)
  }

  clear(): void {
    this.#block = new Uint8Array(startSize)
    this.#filled = 0
    this[Symbol.dispose]()
  }

  /** Gives the memory back to the budget. */
  [Symbol.dispose](): void {
    this.#budget.giveBack(this.#held)
    this.#held = 0
  }
}
