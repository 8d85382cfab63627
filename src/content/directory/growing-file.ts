import { type Descriptor, StrakeError } from '#oci'
import { hasCode, openPlainFile } from './file.ts'

/** Bytes read at a time: what fits into a processor's cache. */
const readSize = 512 * 1024

/** A blob that can be read while it is received into a file. Its bytes are not verified. */
export class GrowingFile {
  readonly #size: number
  readonly #paths: readonly string[]
  #isEnded = false
  #grown = Promise.withResolvers<void>()

  /** `paths` are its places: while it arrives, and after that. */
  constructor({ size }: Descriptor, paths: readonly string[]) {
    this.#size = size
    this.#paths = paths
  }

  /** Wakes the readers to read on. */
  grow(): void {
    this.#grown.resolve()
    this.#grown = Promise.withResolvers()
  }

  /** Ends the transfer; no more bytes follow. */
  end(): void {
    this.#isEnded = true
    this.grow()
  }

  /**
   * All of its bytes, each chunk in the memory of the one before. Throws when not
   * all of them come; the `write` that receives them throws the reason.
   */
  async *read(signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const { readSync } = process.getBuiltinModule('node:fs')
    const file = await this.#open()
    try {
      const buffer = Buffer.allocUnsafeSlow(Math.min(readSize, this.#size))
      for (let offset = 0; offset < this.#size; ) {
        signal?.throwIfAborted()
        const [grown, isEnded] = [this.#grown.promise, this.#isEnded]
        const length = Math.min(buffer.length, this.#size - offset)
        const bytesRead = readSync(file.fd, buffer, 0, length, offset)
        offset += bytesRead
        if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
        else if (isEnded) throw new Error('its bytes ended before all of them had come')
        else await grown
      }
    } finally {
      await file.close()
    }
  }

  async #open(): ReturnType<typeof openPlainFile> {
    for (const path of this.#paths) {
      try {
        return await openPlainFile(path)
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw error
      }
    }
    throw new StrakeError('NOT_FOUND', `Cannot read ${this.#paths.at(-1)}: it was not received`)
  }
}
