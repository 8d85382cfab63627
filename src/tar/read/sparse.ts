import type { TarExtent } from '../entry.ts'
import { blockSize, readDecimal, readNumber } from '../field.ts'
import type { Refuse } from '../header.ts'
import type { Cursor } from './cursor.ts'

/** The extents of a sparse file, and its size. */
export interface SparseMap {
  readonly extents: readonly TarExtent[]
  /** Bytes of the file, holes included. */
  readonly realSize: number
}

/**
 * Reads the map of an old GNU sparse header (type `S`): four extents in the
 * header block, 21 in each extension block that follows it.
 */
export async function readGnuSparse(
  block: Uint8Array,
  cursor: Cursor,
  { most, refuse }: { readonly most: number; readonly refuse: Refuse },
): Promise<SparseMap> {
  const extents: TarExtent[] = []
  const realSize = sparseNumber(block, 483, refuse)
  let more = readGnuExtents(block, { at: 386, count: 4, extents, refuse })
  while (more) {
    if (extents.length > most) refuse(`its sparse map has more than ${most} extents`)
    const extension = await cursor.gather(blockSize)
    if (extension.length < blockSize) refuse('the archive ends inside its sparse map')
    more = readGnuExtents(extension, { at: 0, count: 21, extents, refuse })
  }
  return { extents, realSize }
}

interface GnuExtents {
  readonly at: number
  readonly count: number
  readonly extents: TarExtent[]
  readonly refuse: Refuse
}

/** Returns true when another extension block follows. */
function readGnuExtents(block: Uint8Array, { at, count, extents, refuse }: GnuExtents): boolean {
  const end = at + count * 24
  for (let i = at; i < end && block[i] !== 0; i += 24) {
    extents.push({
      offset: sparseNumber(block, i, refuse),
      size: sparseNumber(block, i + 12, refuse),
    })
  }
  return block[end] !== 0
}

function sparseNumber(block: Uint8Array, at: number, refuse: Refuse): number {
  const value = readNumber(block, at, 12)
  return value >= 0 ? value : refuse('its sparse map has a malformed number')
}

/**
 * Reads the map of format 1.0, which comes before the contents: decimal lines (a count, then offset
 * and size of each extent), padded to a whole block. Returns the size of the map.
 */
export async function readSparseLines(
  cursor: Cursor,
  { most, refuse }: { readonly most: number; readonly refuse: Refuse },
): Promise<{ readonly map: readonly number[]; readonly size: number }> {
  const start = cursor.offset
  const map: number[] = []
  let rest: Uint8Array = new Uint8Array(0)
  let wanted: number | undefined
  while (wanted === undefined || map.length < wanted) {
    const block = await cursor.gather(blockSize)
    if (block.length < blockSize) refuse('the archive ends inside its sparse map')
    const lines = rest.length === 0 ? block : Buffer.concat([rest, block])
    let at = 0
    while (wanted === undefined || map.length < wanted) {
      const end = lines.indexOf(0x0a, at)
      if (end === -1) break
      const value = readDecimal(lines, at, end)
      if (Number.isNaN(value)) refuse('its sparse map has a malformed number')
      if (wanted !== undefined) map.push(value)
      else if (value > most) refuse(`its sparse map has more than ${most} extents`)
      else wanted = value * 2
      at = end + 1
    }
    rest = lines.subarray(at)
    if (rest.length > 2 * blockSize) refuse('its sparse map has a line without end')
  }
  return { map, size: cursor.offset - start }
}

/** Refuses a map that is not in order, exceeds the file, or does not match the stored bytes. */
export function checkSparse(map: SparseMap, storedSize: number, refuse: Refuse): void {
  let end = 0
  let stored = 0
  for (const { offset, size } of map.extents) {
    if (offset < end || offset + size > map.realSize) refuse('its sparse map overlaps or overflows')
    end = offset + size
    stored += size
  }
  if (stored !== storedSize) refuse('its sparse map does not fit the bytes stored')
}
