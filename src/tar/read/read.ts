import { StrakeError } from '#oci'
import type { Bytes } from '#stream'
import { defaultTarLimits, type TarEntry, type TarEntryType, type TarLimits } from '../entry.ts'
import { blockSize, paddingOf, textEnd } from '../field.ts'
import { flagAt, type HeaderBlock, isZeroBlock, parseHeader, type Refuse } from '../header.ts'
import { checkLink, checkName, checkOwner } from '../limit.ts'
import { decodeName, printableName } from '../name.ts'
import { assembleEntry, entryTypes, type Found } from './assemble.ts'
import { expandSparse } from './body.ts'
import { Cursor, type SkippableBytes } from './cursor.ts'
import { type PaxHeader, pairExtents, parsePax } from './pax.ts'
import { checkSparse, readGnuSparse, readSparseLines, type SparseMap } from './sparse.ts'

export interface ReadTarOptions extends Partial<TarLimits> {
  /** Receives warnings about oddities that do no harm: data after the end of the archive. */
  readonly warn?: (message: string) => void
}

/**
 * Reads an archive entry by entry: ustar, pax, GNU and v7 headers. Requesting the next entry skips
 * the unread rest of the previous body. Stopping early closes `bytes`. After the last entry,
 * `bytes` is read to its end, so that a digest over it is complete. Of `SkippableBytes` the unread
 * bodies are not read.
 *
 * Headers have the same meaning as in Docker. Throws `INVALID` with entry and offset for a
 * malformed archive; never skips anything silently. Paths are not cleaned; see `cleanPath`.
 */
export async function* readTar(
  bytes: Bytes | SkippableBytes,
  options: ReadTarOptions = {},
): AsyncGenerator<TarEntry, void, undefined> {
  const reader = new TarReader(bytes, options)
  try {
    for (;;) {
      const entry = reader.nextAtHand() ?? (await reader.next())
      if (entry === undefined) return
      yield entry
    }
  } finally {
    await reader.close()
  }
}

/** The contents of the extended headers before an entry. */
interface Extension {
  pax?: PaxHeader
  longPath?: string
  longLink?: string
}

const noPax: PaxHeader = {}
const nothingExtended: Readonly<Extension> = {}

class TarReader {
  readonly #cursor: Cursor
  readonly #limits: TarLimits
  readonly #warn: (message: string) => void
  /** For the last returned entry: unread bytes of its contents, and of the padding after them. */
  #remaining = 0
  #padding = 0
  #current: TarEntry | undefined
  #headers = 0
  #headerOffset = 0
  #name = ''

  constructor(bytes: Bytes | SkippableBytes, { warn, ...limits }: ReadTarOptions) {
    this.#cursor = new Cursor(bytes)
    this.#limits = { ...defaultTarLimits, ...limits }
    this.#warn = warn ?? (() => {})
  }

  /**
   * Returns the next entry if its header is complete in the current chunk and has no extended
   * header. This is the usual case, and it avoids an `await`, which costs more than the header.
   * Otherwise returns `undefined` and changes nothing; then call `next`.
   */
  nextAtHand(): TarEntry | undefined {
    const rest = this.#remaining + this.#padding
    const block = this.#cursor.peek(rest, blockSize)
    const isPlain = block !== undefined && block[0] !== 0 && isPlainFlag(block[flagAt] ?? 0)
    if (!isPlain) return undefined
    this.#current = undefined
    this.#cursor.skip(rest + blockSize)
    this.#remaining = 0
    this.#padding = 0
    this.#headerOffset = this.#cursor.offset - blockSize
    return this.#begin(this.#describe(this.#parse(block), nothingExtended))
  }

  async next(): Promise<TarEntry | undefined> {
    this.#current = undefined
    await this.#skipBody()
    const extension: Extension = {}
    for (;;) {
      this.#headerOffset = this.#cursor.offset
      const block = this.#cursor.take(blockSize) ?? (await this.#cursor.gather(blockSize))
      if (block.length > 0 && block.length < blockSize) {
        return this.#refuse('the archive ends inside a header')
      }
      if (block.length === 0 || (block[0] === 0 && isZeroBlock(block))) {
        if ((extension.pax ?? extension.longPath ?? extension.longLink) !== undefined) {
          return this.#refuse('no entry follows an extended header')
        }
        await this.#finish(block.length)
        return undefined
      }
      const header = this.#parse(block)
      if (!isMeta(header.flag)) {
        const found = this.#describe(header, extension)
        return isSparse(found) ? this.#openSparse(found, block) : this.#begin(found)
      }
      await this.#readMeta(header, extension)
    }
  }

  close(): Promise<void> {
    return this.#cursor.close()
  }

  #refuse: Refuse = (reason) => {
    const name = this.#name === '' ? 'entry' : `entry ${printableName(this.#name)}`
    throw new StrakeError(
      'INVALID',
      `Cannot read tar ${name} at offset ${this.#headerOffset}: ${reason}`,
    )
  }

  #parse(block: Uint8Array): HeaderBlock {
    if (++this.#headers > this.#limits.entries) {
      this.#refuse(`the archive has more than ${this.#limits.entries} entries`)
    }
    const header = parseHeader(block, this.#refuse)
    this.#name = header.path
    return header
  }

  async #skipBody(): Promise<void> {
    let rest = this.#cursor.skip(this.#remaining + this.#padding)
    this.#remaining = 0
    this.#padding = 0
    while (rest > 0) {
      const part = await this.#cursor.next(rest)
      if (part === undefined) this.#refuse('the archive ends inside its contents')
      else rest -= part.length
    }
  }

  /**
   * Reads what follows the first zero block: a second one, then any data, to the end of the stream.
   */
  async #finish(length: number): Promise<void> {
    if (length === 0) return
    const second = this.#cursor.take(blockSize) ?? (await this.#cursor.gather(blockSize))
    this.#name = ''
    if (!isZeroBlock(second)) this.#refuse('an entry follows a zero block')
    let trailing = false
    for (;;) {
      const part = await this.#cursor.next(Number.MAX_SAFE_INTEGER)
      if (part === undefined) break
      trailing ||= !isZeroBlock(part)
    }
    if (trailing) this.#warn('The archive has data after its end, which readers ignore')
  }

  async #readMeta(header: HeaderBlock, extension: Extension): Promise<void> {
    const { size } = header
    if (size > this.#limits.metaSize) {
      this.#refuse(`its extended header is larger than ${this.#limits.metaSize} bytes`)
    }
    const whole = size + paddingOf(size)
    const bytes = this.#cursor.take(whole) ?? (await this.#cursor.gather(whole))
    if (bytes.length < whole) this.#refuse('the archive ends inside its extended header')
    const contents = bytes.subarray(0, size)
    // As in Docker, the last of several headers of one kind counts, and global headers are ignored.
    if (header.flag === flag.pax) extension.pax = parsePax(contents, this.#refuse)
    else if (header.flag === flag.globalPax) parsePax(contents, this.#refuse)
    else {
      const key = header.flag === flag.longPath ? 'longPath' : 'longLink'
      extension[key] = decodeName(contents, 0, textEnd(contents, 0, size))
    }
  }

  #describe(header: HeaderBlock, extension: Readonly<Extension>): Found {
    const pax = extension.pax ?? noPax
    const path = pax.sparse?.name ?? extension.longPath ?? pax.path ?? header.path
    this.#name = path
    const linkpath = extension.longLink ?? pax.linkpath ?? header.linkpath
    const type = this.#typeOf(header, path)
    const isLink = type === 'symlink' || type === 'hardlink'
    checkName(path, this.#limits, this.#refuse)
    if (isLink) checkLink(linkpath, this.#limits, this.#refuse)
    // Only a file has contents, whatever size the header has.
    const stored = type === 'file' ? (pax.size ?? header.size) : 0
    return { header, pax, path, type, linkpath: isLink ? linkpath : '', stored }
  }

  /**
   * Begins an entry with `stored` bytes of contents; for a sparse file without the bytes of its
   * map.
   */
  #begin(found: Found, stored: number = found.stored, sparse?: SparseMap): TarEntry {
    this.#remaining = stored
    this.#padding = paddingOf(found.stored)
    const entry: TarEntry = assembleEntry(found, {
      headerOffset: this.#headerOffset,
      dataOffset: this.#cursor.offset,
      size: sparse?.realSize ?? stored,
      extents: sparse?.extents,
      body: { [Symbol.asyncIterator]: () => this.#body(entry) },
    })
    checkOwner(entry, this.#refuse)
    this.#current = entry
    return entry
  }

  async #openSparse(found: Found, block: Uint8Array): Promise<TarEntry> {
    const most = this.#limits.sparseExtents
    const options = { most, refuse: this.#refuse }
    const sparse = found.pax.sparse
    let map: SparseMap
    let { stored } = found
    if (sparse === undefined) map = await readGnuSparse(block, this.#cursor, options)
    else {
      const realSize = sparse.realSize ?? this.#refuse('its sparse map has no size')
      let numbers: readonly number[] = sparse.map
      if (sparse.major === 1 && (sparse.minor ?? 0) === 0) {
        const lines = await readSparseLines(this.#cursor, options)
        numbers = lines.map
        stored -= lines.size
      } else if ((sparse.major ?? 0) !== 0) this.#refuse('its sparse format is unknown')
      map = { extents: pairExtents(numbers, this.#refuse), realSize }
      if (sparse.count !== undefined && sparse.count !== map.extents.length) {
        this.#refuse('its sparse map has a wrong length')
      }
    }
    if (map.extents.length > most) this.#refuse(`its sparse map has more than ${most} extents`)
    if (map.realSize > this.#limits.sparseSize) {
      this.#refuse(`it is a sparse file of more than ${this.#limits.sparseSize} bytes`)
    }
    checkSparse(map, stored, this.#refuse)
    return this.#begin(found, stored, map)
  }

  #body(entry: TarEntry): AsyncGenerator<Uint8Array, void, undefined> {
    const stored = this.#stored(entry)
    return entry.extents === undefined ? stored : expandSparse(stored, entry.extents, entry.size)
  }

  async *#stored(entry: TarEntry): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      if (this.#current !== entry) {
        throw new TypeError('The body of a tar entry was read after the next entry was requested')
      }
      if (this.#remaining === 0) return
      const part = await this.#cursor.next(this.#remaining)
      if (part === undefined) return this.#refuse('the archive ends inside its contents')
      this.#remaining -= part.length
      yield part
    }
  }

  #typeOf(header: HeaderBlock, path: string): TarEntryType {
    const type = entryTypes[header.flag]
    if (type === undefined) {
      return this.#refuse(`its type ${printableName(String.fromCharCode(header.flag))} is unknown`)
    }
    if (type !== 'file' || !path.endsWith('/')) return type
    if (header.flag === 0) return 'directory'
    return this.#refuse('it is a file with the name of a directory')
  }
}

const flag = { gnuSparse: 0x53, longPath: 0x4c, longLink: 0x4b, pax: 0x78, globalPax: 0x67 }

function isMeta(value: number): boolean {
  return (
    value === flag.pax ||
    value === flag.globalPax ||
    value === flag.longPath ||
    value === flag.longLink
  )
}

/** Whether an entry of this type is complete with its header block. */
function isPlainFlag(value: number): boolean {
  return value in entryTypes && value !== flag.gnuSparse
}

function isSparse({ header, pax, type }: Found): boolean {
  return header.flag === flag.gnuSparse || (pax.sparse !== undefined && type === 'file')
}
