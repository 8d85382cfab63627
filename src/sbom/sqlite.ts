import { viewOf } from './elf.ts'
import { ScanError, type ScannedFile } from './package.ts'

/** A column of a table in a database file. */
export interface TableColumn {
  readonly name: string
  /** Its index. The column must have binary values; rows without one are left out. */
  readonly column: number
  /** The most bytes of a value. */
  readonly largest: number
}

/** The deepest tree of a table. A tree of this depth would have more pages than a file can. */
const deepest = 20

/** A page: the nodes of all trees. */
interface Page {
  readonly bytes: Uint8Array
  readonly view: DataView
  /** Where the head of its node begins: after the head of the file in the first page. */
  readonly start: number
}

const [interiorTable, leafTable] = [0x05, 0x0d]

/**
 * Reads the values of a column from a database of SQLite, without the program. The log beside
 * the file is not read. Throws `ScanError` for a damaged file.
 *
 * @see https://www.sqlite.org/fileformat2.html
 */
export async function* readTable(
  file: ScannedFile,
  { name, column, largest }: TableColumn,
): AsyncGenerator<Uint8Array> {
  const reader = await TableReader.open(file, largest)
  for await (const record of reader.records(1)) {
    const [type, table] = [textAt(record, 0), textAt(record, 1)]
    if (type !== 'table' || table !== name) continue
    const root = numberAt(record, 3)
    for await (const row of reader.records(root)) {
      const value = bytesAt(row, column)
      if (value !== undefined) yield value
    }
    return
  }
  throw new ScanError(`it has no table ${name}`)
}

/** Reads rows of trees, each page once, so that a damaged file cannot make it read forever. */
class TableReader {
  readonly #file: ScannedFile
  readonly #pageSize: number
  /** Bytes of a page without those that extensions use. */
  readonly #usable: number
  readonly #largest: number
  readonly #seen = new Set<number>()

  constructor(file: ScannedFile, head: Uint8Array, largest: number) {
    const size = viewOf(head).getUint16(16)
    this.#file = file
    this.#pageSize = size === 1 ? 65_536 : size
    this.#usable = this.#pageSize - (head[20] ?? 0)
    this.#largest = largest
  }

  static async open(file: ScannedFile, largest: number): Promise<TableReader> {
    const head = await file.read(0, 100)
    const isDatabase =
      new TextDecoder('latin1').decode(head.subarray(0, 16)) === 'SQLite format 3\0'
    if (head.length < 100 || !isDatabase) throw new ScanError('it is no database of SQLite')
    const reader = new TableReader(file, head, largest)
    if (reader.#pageSize < 512 || reader.#usable < 480) throw damaged()
    return reader
  }

  /** The records of a table in the order of its keys. */
  async *records(root: number, depth = 0): AsyncGenerator<Uint8Array> {
    if (depth > deepest) throw damaged()
    const { bytes, view, start } = await this.#page(root)
    const kind = bytes[start]
    if (kind !== interiorTable && kind !== leafTable) throw damaged()
    const cells = view.getUint16(start + 3)
    const pointers = start + (kind === interiorTable ? 12 : 8)
    if (pointers + cells * 2 > bytes.length) throw damaged()
    for (let index = 0; index < cells; index++) {
      const at = view.getUint16(pointers + index * 2)
      if (kind === leafTable) yield await this.#payload(bytes, at)
      else if (at + 4 > bytes.length) throw damaged()
      else yield* this.records(view.getUint32(at), depth + 1)
    }
    if (kind === interiorTable) yield* this.records(view.getUint32(start + 8), depth + 1)
  }

  async #page(number: number): Promise<Page> {
    if (number < 1 || this.#seen.has(number)) throw damaged()
    this.#seen.add(number)
    const bytes = await this.#read(number)
    return { bytes, view: viewOf(bytes), start: number === 1 ? 100 : 0 }
  }

  async #read(number: number): Promise<Uint8Array> {
    const bytes = await this.#file.read((number - 1) * this.#pageSize, this.#pageSize)
    if (bytes.length < this.#pageSize) throw damaged()
    return bytes
  }

  /** The record of a cell, the larger part of which may be on other pages. */
  async #payload(page: Uint8Array, cell: number): Promise<Uint8Array> {
    const length = varintAt(page, cell)
    const key = varintAt(page, length.end)
    const size = length.value
    if (size > this.#largest) throw new ScanError('a row of it is too large')
    if (size > this.#file.size) throw damaged()
    const most = this.#usable - 35
    if (size <= most) return sliceOf(page, key.end, size)
    // The specification of the format defines how many bytes stay on the page of the cell.
    const least = Math.floor(((this.#usable - 12) * 32) / 255) - 23
    const wanted = least + ((size - least) % (this.#usable - 4))
    const own = wanted <= most ? wanted : least
    const whole = new Uint8Array(size)
    whole.set(sliceOf(page, key.end, own))
    let next = viewOf(sliceOf(page, key.end + own, 4)).getUint32(0)
    for (let filled = own; filled < size; ) {
      const { bytes, view } = await this.#page(next)
      const part = bytes.subarray(4, Math.min(this.#usable, 4 + size - filled))
      whole.set(part, filled)
      filled += part.length
      next = view.getUint32(0)
    }
    return whole
  }
}

function damaged(): ScanError {
  return new ScanError('its tree of pages is damaged')
}

function sliceOf(bytes: Uint8Array, start: number, length: number): Uint8Array {
  if (start + length > bytes.length) throw damaged()
  return bytes.subarray(start, start + length)
}

/** A number of one to nine bytes, most significant first. */
function varintAt(
  bytes: Uint8Array,
  start: number,
): { readonly value: number; readonly end: number } {
  let value = 0
  for (let at = start; at < start + 9; at++) {
    const byte = bytes[at]
    if (byte === undefined) throw damaged()
    const isLast = at === start + 8
    value = isLast ? value * 256 + byte : value * 128 + (byte & 0x7f)
    if (isLast || byte < 0x80) return { value, end: at + 1 }
  }
  throw damaged()
}

/** The type of a value and its place in a record. */
interface Value {
  readonly type: number
  readonly bytes: Uint8Array
}

const widths = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0] as const

function valueAt(record: Uint8Array, column: number): Value | undefined {
  const head = varintAt(record, 0)
  let at = head.end
  let body = head.value
  for (let index = 0; at < head.value; index++) {
    const { value: type, end } = varintAt(record, at)
    const width = type < 12 ? (widths[type] ?? 0) : Math.floor((type - 12) / 2)
    if (index === column) return { type, bytes: sliceOf(record, body, width) }
    body += width
    at = end
  }
  return undefined
}

function textAt(record: Uint8Array, column: number): string | undefined {
  const value = valueAt(record, column)
  const isText = value !== undefined && value.type >= 13 && value.type % 2 === 1
  return isText ? new TextDecoder().decode(value.bytes) : undefined
}

function bytesAt(record: Uint8Array, column: number): Uint8Array | undefined {
  const value = valueAt(record, column)
  return value !== undefined && value.type >= 12 && value.type % 2 === 0 ? value.bytes : undefined
}

/** A whole number. The values 0 and 1 have types of their own. */
function numberAt(record: Uint8Array, column: number): number {
  const value = valueAt(record, column)
  if (value === undefined || value.type < 1 || value.type > 9) throw damaged()
  if (value.type >= 8) return value.type - 8
  return value.bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}
