import { StrakeError } from '#oci'

/** Largest window of a frame in bytes: a decoder keeps that much in memory. */
const windowLimit = 128 * 1024 * 1024

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50

/**
 * Follows the frames and blocks of a zstd stream without decoding them. Decoders differ on
 * truncated streams and on bytes after the last frame; this decides both cases, and refuses windows
 * that would need too much memory.
 *
 * @see https://www.rfc-editor.org/rfc/rfc8878#section-3
 */
export class ZstdFrames {
  #field: number[] = []
  #wanted = 4
  #step: (field: readonly number[]) => void = (field) => this.#magic(field)
  #atFrame = true
  #skip = 0
  #hasChecksum = false

  /** True between frames: a stream may end here. */
  get complete(): boolean {
    return this.#atFrame && this.#skip === 0 && this.#field.length === 0
  }

  /** Returns how many bytes of `chunk` belong to frames; the rest is padding. Throws `INVALID`. */
  follow(chunk: Uint8Array): number {
    let offset = 0
    while (offset < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - offset)
        this.#skip -= skipped
        offset += skipped
        continue
      }
      const byte = chunk[offset] ?? 0
      if (this.complete && byte === 0) return offset
      offset++
      this.#field.push(byte)
      if (this.#field.length < this.#wanted) continue
      const field = this.#field
      this.#field = []
      this.#step(field)
    }
    return offset
  }

  #expect(bytes: number, step: (field: readonly number[]) => void): void {
    this.#wanted = bytes
    this.#step = step
  }

  #expectFrame(): void {
    this.#atFrame = true
    this.#expect(4, (field) => this.#magic(field))
  }

  #magic(field: readonly number[]): void {
    this.#atFrame = false
    const magic = littleEndian(field)
    if (magic === frameMagic) {
      this.#expect(1, ([descriptor = 0]) => this.#descriptor(descriptor))
    } else if (magic - (magic % 16) === skippableMagic) {
      this.#expect(4, (size) => {
        this.#skip = littleEndian(size)
        this.#expectFrame()
      })
    } else {
      throw invalid('there is other data after its last frame')
    }
  }

  #descriptor(descriptor: number): void {
    const isSingle = (descriptor & 0x20) !== 0
    const sizeBytes = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
    this.#hasChecksum = (descriptor & 4) !== 0
    this.#expect((isSingle ? 0 : 1) + dictionaryBytes + sizeBytes, (field) => {
      const window = isSingle
        ? littleEndian(field.slice(dictionaryBytes)) + (sizeBytes === 2 ? 256 : 0)
        : windowSize(field[0] ?? 0)
      if (window > windowLimit) throw invalid(`it needs a window of ${window} bytes`)
      this.#expectBlock()
    })
  }

  #expectBlock(): void {
    this.#expect(3, (field) => {
      const header = littleEndian(field)
      const type = (header >> 1) & 3
      if (type === 3) throw invalid('a block has a type that does not exist')
      this.#skip = type === 1 ? 1 : header >>> 3
      if ((header & 1) === 0) this.#expectBlock()
      else if (this.#hasChecksum) this.#expect(4, () => this.#expectFrame())
      else this.#expectFrame()
    })
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

function littleEndian(bytes: readonly number[]): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0)
}

function invalid(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot decompress zstd data: ${reason}`)
}
