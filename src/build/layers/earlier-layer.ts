import { closeSync } from 'node:fs'
import type { Digest } from '#oci'
import { type HashingWriter, openPlainFile, sumSize, treeCalls } from '#platform'
import { crc32 } from '#stream'
import { compareNames, decodeName } from '#tar'
import { bytesOf, readCacheFile, writeCacheFile } from '../files/cache-file.ts'

/** The part of an archive with an entry, up to the start of the next entry. */
export interface EarlierEntry {
  readonly start: number
  readonly end: number
  /** True when the part starts with the header, false when it starts with the contents. */
  readonly hasHeader: boolean
}

/**
 * The archive of an earlier run of the step. Reading it is faster than reading many small
 * files.
 */
export interface EarlierLayer extends Disposable {
  /**
   * Finds the entry at `path` with this header, or else with these contents. `digest`
   * is the digest of a file, or `undefined` for an entry without contents. Callers
   * must look paths up in the order of archives. Throws `EarlierLayerError`.
   */
  find(path: string, header: Uint8Array, digest: Digest | undefined): EarlierEntry | undefined
  /**
   * Copies bytes from `start` on, as many as are in memory and fit, and at least one.
   * Returns the position of the next byte. Throws `EarlierLayerError`.
   */
  copy(start: number, end: number, target: HashingWriter): number
}

/** The archive was changed or is absent. */
export class EarlierLayerError extends Error {
  override readonly name = 'EarlierLayerError'
  override readonly message = 'an earlier layer is not what was written'
}

/** The record of an archive that later builds copy from. */
export interface WrittenLayer {
  readonly digest: Digest
  /** CRC-32 of each `sumSize` bytes. */
  readonly sums: Uint32Array
  /** The digests of its files, in order. `undefined` for files that are not looked up. */
  readonly digests: readonly (Digest | undefined)[]
}

/** Writes the record of an archive to a cache file. */
export function writeEarlierLayer(path: string, { digest, sums, digests }: WrittenLayer): void {
  const known = Buffer.alloc(digests.length * digestSize)
  for (const [index, each] of digests.entries()) {
    if (each !== undefined) known.write(hexOf(each), index * digestSize, 'hex')
  }
  writeCacheFile(path, [Buffer.from(hexOf(digest), 'hex'), bytesOf(sums), known])
}

/** Opens the archive of the cache file at `path`. Returns `undefined` when either is absent. */
export function openEarlierLayer(
  path: string,
  pathOf: (digest: Digest) => string,
): EarlierLayer | undefined {
  const [digest, sums, digests] = readCacheFile(path, 3) ?? []
  if (digest?.length !== digestSize || sums === undefined || digests === undefined) return undefined
  try {
    const file = openPlainFile(pathOf(`sha256:${Buffer.from(digest).toString('hex')}`))
    return new OpenLayer(
      file,
      new Uint32Array(sums.buffer, sums.byteOffset, sums.length / 4),
      digests,
    )
  } catch {
    return undefined
  }
}

/** The place of an entry in the archive. */
interface Place {
  readonly start: number
  readonly contents: number
  readonly end: number
  readonly isFile: boolean
  /** True when a pax header precedes the entry. It may have the name. */
  readonly isPax: boolean
}

class OpenLayer implements EarlierLayer {
  readonly #file: number
  readonly #sums: Uint32Array
  /** The digests in hex, concatenated. */
  readonly #digests: string
  readonly #block = Buffer.allocUnsafeSlow(sumSize)
  #blockNumber = -1
  #blockLength = 0
  /** The start of the next entry, and the number of files before it. */
  #next = 0
  #files = 0
  /** The next entry, if it was read. */
  #place: Place | undefined

  constructor(file: number, sums: Uint32Array, digests: Uint8Array) {
    this.#file = file
    this.#sums = sums
    this.#digests = Buffer.from(digests.buffer, digests.byteOffset, digests.length).toString('hex')
  }

  find(path: string, header: Uint8Array, digest: Digest | undefined): EarlierEntry | undefined {
    for (;;) {
      this.#place ??= this.#placeAt(this.#next)
      if (this.#place === undefined) return undefined
      const { start, contents, end, isFile } = this.#place
      const hasHeader = contents - start === header.length && this.#isAt(start, header)
      const order = hasHeader ? 0 : this.#compareName(this.#place, path)
      if (order > 0) return undefined
      const isWanted = !isFile || (digest !== undefined && this.#isDigest(digest))
      if (isFile) this.#files++
      this.#next = end
      this.#place = undefined
      if (order < 0) continue
      if (hasHeader && isWanted) return { start, end, hasHeader }
      return isFile && isWanted ? { start: contents, end, hasHeader } : undefined
    }
  }

  copy(start: number, end: number, target: HashingWriter): number {
    const offset = this.#load(start)
    const count = Math.min(end - start, target.free, this.#blockLength - offset)
    target.copy(this.#block, offset, offset + count)
    return start + count
  }

  [Symbol.dispose](): void {
    closeSync(this.#file)
  }

  /** Returns `undefined` after the last entry, and for a size that is only in a pax header. */
  #placeAt(start: number): Place | undefined {
    const offset = this.#load(start)
    const block = this.#block
    if (block[offset + magicAt] !== 0x75) return undefined
    const contents = start + blockSize
    const end = contents + Math.ceil(sizeField(block, offset) / blockSize) * blockSize
    const flag = block[offset + flagAt]
    if (flag !== paxFlag) return { start, contents, end, isFile: flag === fileFlag, isPax: false }
    for (let at = contents; at < end; at += blockSize) {
      if (block.includes(' size=', this.#load(at))) return undefined
    }
    const described = this.#placeAt(end)
    return described && { ...described, start, isPax: true }
  }

  /** An entry with its name in a pax header counts as passed. */
  #compareName({ start, isPax }: Place, path: string): number {
    return isPax ? -1 : compareNames(nameAt(this.#block, this.#load(start)), path)
  }

  #isAt(start: number, bytes: Uint8Array): boolean {
    for (let done = 0; done < bytes.length; ) {
      const offset = this.#load(start + done)
      const count = Math.min(bytes.length - done, this.#blockLength - offset)
      if (this.#block.compare(bytes, done, done + count, offset, offset + count) !== 0) return false
      done += count
    }
    return true
  }

  /** True when the next file has the digest. */
  #isDigest(digest: Digest): boolean {
    return this.#digests.startsWith(hexOf(digest), this.#files * 2 * digestSize)
  }

  /**
   * Reads the part of the archive around a position into memory. Returns the position in
   * that part.
   */
  #load(position: number): number {
    const number = Math.floor(position / sumSize)
    if (number !== this.#blockNumber) {
      const sum = this.#sums[number]
      this.#blockNumber = -1
      this.#blockLength = treeCalls.readFully(this.#file, this.#block, number * sumSize)
      const bytes = this.#block.subarray(0, this.#blockLength)
      if (sum === undefined || crc32(bytes) !== sum) throw new EarlierLayerError()
      this.#blockNumber = number
    }
    const offset = position - number * sumSize
    if (offset + blockSize > this.#blockLength) throw new EarlierLayerError()
    return offset
  }
}

function nameAt(block: Uint8Array, offset: number): string {
  const name = textAt(block, offset, 100)
  const prefix = block[offset + prefixAt] === 0 ? '' : `${textAt(block, offset + prefixAt, 155)}/`
  const path = prefix + name
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function textAt(block: Uint8Array, start: number, length: number): string {
  let end = start
  while (end < start + length && block[end] !== 0) end++
  return decodeName(block, start, end)
}

/** Eleven octal digits, as this program writes them. */
function sizeField(block: Uint8Array, offset: number): number {
  let size = 0
  for (let at = offset + 124; at < offset + 135; at++) size = size * 8 + ((block[at] ?? 0) & 7)
  return size
}

function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

const digestSize = 32
const blockSize = 512
const [flagAt, magicAt, prefixAt] = [156, 257, 345]
const [fileFlag, paxFlag] = [0x30, 0x78]
