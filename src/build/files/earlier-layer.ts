import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { Digest } from '#oci'
import { at } from '#platform'
import { decodeName } from '#tar'

/** The contents of files, from an archive that the same step made before. */
export interface EarlierLayer extends Disposable {
  /**
   * Fills `target` with the contents of `path`, proved to be `digest`; `false`
   * when the archive has something else there, or nothing.
   */
  recall(path: string, digest: Digest, target: Uint8Array): boolean
}

/**
 * Opens an archive of this program's own making. It is much faster to read one
 * large file than many small ones; but nothing is believed: what is not where it
 * seems to be, or is damaged, is only not recalled.
 */
export function openEarlierLayer(path: string): EarlierLayer {
  const descriptor = openSync(path, 'r')
  let offsets: ReadonlyMap<string, number> | undefined
  return {
    recall(name, digest, target) {
      offsets ??= findFiles(descriptor)
      const offset = offsets.get(name)
      if (offset === undefined) return false
      if (at.readFully(descriptor, target, offset) < target.length) return false
      return digest === `sha256:${createHash('sha256').update(target).digest('hex')}`
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  }
}

/** Where the contents of files begin, by path; what is behind a pax header may be missing. */
function findFiles(descriptor: number): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>()
  const { size } = fstatSync(descriptor)
  const block = new Uint8Array(blockSize)
  for (let offset = 0; offset < size; ) {
    const filled = at.readFully(descriptor, block, offset)
    const length = sizeField(block)
    if (filled < blockSize || block[magicAt] !== 0x75 || Number.isNaN(length)) break
    offset += blockSize
    if (block[flagAt] === fileFlag) offsets.set(nameOf(block), offset)
    offset += Math.ceil(length / blockSize) * blockSize
  }
  return offsets
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
  for (let at = 124; at < 135; at++) size = size * 8 + digit(block[at] ?? 0)
  return size
}

function digit(byte: number): number {
  return byte >= 0x30 && byte <= 0x37 ? byte - 0x30 : Number.NaN
}

const blockSize = 512
const [flagAt, magicAt, prefixAt, fileFlag] = [156, 257, 345, 0x30]
