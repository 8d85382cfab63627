import { type Descriptor, StrakeError } from '#oci'
import { hasCode, openPlainFile } from './file.ts'

/** Bytes per read; fits into the processor's cache. */
const readSize = 512 * 1024

/** A blob that can be read while it is received into a file. Its bytes are not verified. */
export class GrowingFile {
  readonly #size: number
  readonly #paths: readonly string[]
  #isEnded = false
  #grown = Promise.withResolvers<void>()

  /** `paths`: where the file is during the transfer, and after it. */
  constructor({ size }: Descriptor, paths: readonly string[]) {
    this.#size = size
    this.#paths = paths
  }

  /** Wakes waiting readers, because the file has grown. */
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
   * Yields all bytes of the blob; each chunk reuses the same buffer. Throws when the transfer
   * fails; the `write` that receives the blob throws the reason.
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
        else if (isEnded) throw new Error('the transfer ended early')
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
