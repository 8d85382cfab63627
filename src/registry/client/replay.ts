import { StrakeError } from '#oci'
import { type Bytes, giveChunk, type KeptChunk, keepChunk } from '#stream'

const defaultCapacity = 8 * 1024 * 1024

/**
 * Keeps the last 8 MiB of a source, so that they can be sent again. A broken connection
 * loses at most the bytes in the socket buffers, so that is enough to continue an upload
 * whose source can be read only once.
 */
export class ReplayWindow {
  readonly #source: AsyncIterator<Uint8Array>
  readonly #capacity: number
  readonly #chunks: KeptChunk[] = []
  /** The offset of the first kept byte and of the next byte of the source. */
  #first = 0
  #next = 0
  #filling: Promise<boolean> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(bytes: Bytes, capacity: number = defaultCapacity) {
    this.#source = bytes[Symbol.asyncIterator]()
    this.#capacity = capacity
  }

  /** The error of the source. A consumer such as `fetch` may throw another one in its place. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure
  }

  canRewind(offset: number): boolean {
    return offset >= this.#first && offset <= this.#next
  }

  /** Yields all bytes from `offset` on. Only the result of the last call may be iterated. */
  async *from(offset: number): AsyncGenerator<KeptChunk> {
    if (!this.canRewind(offset)) {
      throw new StrakeError(
        'UNAVAILABLE',
        `Cannot continue the upload: byte ${offset} is no longer at hand`,
      )
    }
    let at = offset
    for (;;) {
      const chunk = this.#at(at)
      if (chunk !== undefined) {
        at += chunk.byteLength
        yield chunk
      } else if (!(await this.#fill())) return
    }
  }

  /** Closes the source if it was not read to its end. */
  async close(): Promise<void> {
    await this.#filling?.catch(() => {})
    await this.#source.return?.()
  }

  #at(offset: number): KeptChunk | undefined {
    let start = this.#first
    for (const chunk of this.#chunks) {
      if (offset < start + chunk.byteLength) return giveChunk(chunk.subarray(offset - start))
      start += chunk.byteLength
    }
    return undefined
  }

  #fill(): Promise<boolean> {
    this.#filling ??= this.#pull().finally(() => {
      this.#filling = undefined
    })
    return this.#filling
  }

  async #pull(): Promise<boolean> {
    try {
      const { done, value } = await this.#source.next()
      if (done === true) return false
      this.#chunks.push(keepChunk(value))
      this.#next += value.byteLength
    } catch (error) {
      this.#failure = { error }
      throw error
    }
    for (;;) {
      const oldest = this.#chunks[0]
      if (oldest === undefined || this.#chunks.length < 2) return true
      if (this.#next - this.#first - oldest.byteLength < this.#capacity) return true
      this.#chunks.shift()
      this.#first += oldest.byteLength
    }
  }
}
