import { type Span, widest, writeJsonText } from './json-text.ts'

const head: Uint8Array = Buffer.from('{"log":')
const quotes = 2

/** Records of a log, one JSON object on each line, that are not in the file yet. */
export class RecordBuffer {
  #bytes: Uint8Array = new Uint8Array(0)
  #size = 0

  /** Bytes of the records. */
  get size(): number {
    return this.#size
  }

  /** Adds a record of `text`, which is UTF-8. `tail` is its JSON after the text, with a line feed. */
  add(text: Span, tail: Uint8Array): void {
    this.#reserve(head.length + quotes + widest * (text.end - text.start) + tail.length)
    this.#bytes.set(head, this.#size)
    const end = writeJsonText(text, this.#bytes, this.#size + head.length)
    this.#bytes.set(tail, end)
    this.#size = end + tail.length
  }

  /** Removes all records and returns their bytes, which are valid until the next record is added. */
  take(): Uint8Array {
    const records = this.#bytes.subarray(0, this.#size)
    this.#size = 0
    return records
  }

  #reserve(more: number): void {
    const needed = this.#size + more
    if (needed <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    larger.set(this.#bytes.subarray(0, this.#size))
    this.#bytes = larger
  }
}
