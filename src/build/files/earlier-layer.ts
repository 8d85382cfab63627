import { closeSync, openSync } from 'node:fs'
import type { Digest } from '#oci'
import { at } from '#platform'
import { compareNames, decodeName } from '#tar'

/** The contents of files, from an archive that the same step made before. */
export interface EarlierLayer extends Disposable {
  /**
   * Fills `target` with what the archive has at `path`, if that seems to be
   * `digest`. Paths must come in the order of archives. Nothing is proved:
   * whoever asks hashes what he gets.
   */
  recall(path: string, digest: Digest, target: Uint8Array): boolean
}

/**
 * The beginnings of the digests of an archive's files, in its order: enough to
 * tell which of them are others now. `undefined` for contents that are not looked for.
 */
export function shortenDigests(digests: readonly (Digest | undefined)[]): string {
  const short = Uint32Array.from(digests, (digest) => (digest === undefined ? 0 : shorten(digest)))
  return Buffer.from(short.buffer).toString('base64')
}

function shorten(digest: Digest): number {
  return Number.parseInt(digest.slice(digest.indexOf(':') + 1).slice(0, 8), 16)
}

/**
 * Opens an archive that this program made of files with these `shortDigests`: one
 * large file is read much faster than many small ones. Throws `ENOENT`.
 */
export function openEarlierLayer(path: string, shortDigests: string): EarlierLayer {
  const bytes = Uint8Array.from(Buffer.from(shortDigests, 'base64'))
  const digests = new Uint32Array(bytes.buffer, 0, Math.floor(bytes.length / 4))
  const descriptor = openSync(path, 'r')
  const window = new Window(descriptor)
  const files = listFiles(window)
  let file = files.next().value
  return {
    recall(name, digest, target) {
      while (file !== undefined && file.path !== name && compareNames(file.path, name) < 0) {
        file = files.next().value
      }
      if (file?.path !== name || digests[file.index] !== shorten(digest)) return false
      return window.copy(file.offset, target)
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  }
}

interface FileAt {
  readonly path: string
  /** How many files come before. */
  readonly index: number
  /** Where its contents begin. */
  readonly offset: number
}

/**
 * The files of an archive of this program's own making, but for those behind a
 * pax header; ends where it does not look like one.
 */
function* listFiles(window: Window): Generator<FileAt, undefined> {
  for (let offset = 0, index = 0; ; ) {
    const block = window.view(offset, blockSize)
    if (block === undefined || block[magicAt] !== 0x75) return
    const contents = Math.ceil(sizeField(block) / blockSize) * blockSize
    const isPax = block[flagAt] === paxFlag
    if (block[flagAt] === fileFlag) {
      yield { path: nameOf(block), index: index++, offset: offset + blockSize }
    }
    offset += blockSize + contents
    if (!isPax) continue
    const described = window.view(offset, blockSize)
    if (described === undefined) return
    if (described[flagAt] === fileFlag) index++
    offset += blockSize + Math.ceil(sizeField(described) / blockSize) * blockSize
  }
}

/** A stretch of a file in memory, moved along with what is asked for. */
class Window {
  readonly #descriptor: number
  readonly #bytes = new Uint8Array(1_048_576)
  #start = 0
  #length = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** `undefined` behind the end of the file. */
  view(offset: number, length: number): Uint8Array | undefined {
    if (offset < this.#start || offset + length > this.#start + this.#length) {
      this.#start = offset
      this.#length = at.readFully(this.#descriptor, this.#bytes, offset)
    }
    const from = offset - this.#start
    return from + length <= this.#length ? this.#bytes.subarray(from, from + length) : undefined
  }

  /** False when the file ends before. */
  copy(offset: number, target: Uint8Array): boolean {
    if (target.length > this.#bytes.length / 4) {
      return at.readFully(this.#descriptor, target, offset) === target.length
    }
    const bytes = this.view(offset, target.length)
    if (bytes !== undefined) target.set(bytes)
    return bytes !== undefined
  }
}

function nameOf(block: Uint8Array): string {
  const name = field(block, 0, 100)
  return block[prefixAt] === 0 ? name : `${field(block, prefixAt, 155)}/${name}`
}

function field(block: Uint8Array, start: number, length: number): string {
  let end = start
  while (end < start + length && block[end] !== 0) end++
  return decodeName(block, start, end)
}

/** Eleven octal digits, as this program writes them. */
function sizeField(block: Uint8Array): number {
  let size = 0
  for (let at = 124; at < 135; at++) size = size * 8 + ((block[at] ?? 0) & 7)
  return size
}

const blockSize = 512
const [flagAt, magicAt, prefixAt] = [156, 257, 345]
const [fileFlag, paxFlag] = [0x30, 0x78]
