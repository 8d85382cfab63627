import type { Bytes } from '#stream'

const nothing = new Uint8Array(0)

/** Bytes that need not be read: the consumer may pass over some of them. */
export interface SkippableBytes extends Bytes {
  /** Passes over up to `size` bytes after the last chunk; returns how many, fewer at the end. */
  skip(size: number): number
}

/**
 * A position in a stream of chunks. Bytes inside the current chunk are returned without copying or
 * waiting. Only bytes that cross into the next chunk are awaited.
 */
export class Cursor {
  /** Bytes consumed since the start of the stream. */
  offset = 0
  #chunk: Uint8Array = nothing
  #position = 0
  readonly #source: AsyncIterator<Uint8Array>
  readonly #bytes: Bytes | SkippableBytes

  constructor(bytes: Bytes | SkippableBytes) {
    this.#bytes = bytes
    this.#source = bytes[Symbol.asyncIterator]()
  }

  /**
   * Returns the next `size` bytes without a copy, or `undefined` if the current chunk ends before.
   */
  take(size: number): Uint8Array | undefined {
    const end = this.#position + size
    if (end > this.#chunk.length) return undefined
    const taken = this.#chunk.subarray(this.#position, end)
    this.#position = end
    this.offset += size
    return taken
  }

  /**
   * Returns the `size` bytes after the next `ahead` bytes, without consuming any; `undefined` if
   * the current chunk ends before.
   */
  peek(ahead: number, size: number): Uint8Array | undefined {
    const start = this.#position + ahead
    const end = start + size
    return end > this.#chunk.length ? undefined : this.#chunk.subarray(start, end)
  }

  /** Returns a copy of the next `size` bytes; fewer at the end of the stream. */
  async gather(size: number): Promise<Uint8Array> {
    const gathered = new Uint8Array(size)
    let length = 0
    while (length < size) {
      const part = await this.next(size - length)
      if (part === undefined) return gathered.subarray(0, length)
      gathered.set(part, length)
      length += part.length
    }
    return gathered
  }

  /**
   * Returns at most `size` bytes of the current or the next chunk; `undefined` at the end of the
   * stream.
   */
  async next(size: number): Promise<Uint8Array | undefined> {
    while (this.#position === this.#chunk.length) {
      const result = await this.#source.next()
      if (result.done === true) return undefined
      this.#chunk = result.value
      this.#position = 0
    }
    return this.take(Math.min(size, this.#chunk.length - this.#position))
  }

  /**
   * Skips up to `size` bytes: of the current chunk, and after it if the source can skip. Returns
   * how many are left to skip.
   */
  skip(size: number): number {
    const step = Math.min(size, this.#chunk.length - this.#position)
    this.#position += step
    const left = size - step
    const skipped = left > 0 && 'skip' in this.#bytes ? this.#bytes.skip(left) : 0
    this.offset += step + skipped
    return left - skipped
  }

  /** Closes the source. */
  async close(): Promise<void> {
    this.#chunk = nothing
    this.#position = 0
    await this.#source.return?.()
  }
}
