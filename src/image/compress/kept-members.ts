import type { ContentStore } from '#content'
import type { Descriptor } from '#oci'
import type { MadeLayer } from '#records'
import { crc32 } from '#stream'
import type { Member } from './members.ts'

/** Four numbers of four bytes: size and CRC-32 of a piece, size and CRC-32 of its member. */
const entrySize = 16

/** The members of a blob, in the form that `KeptMembers` reads later. */
export class MemberList {
  readonly #numbers: number[] = []

  add({ size, checksum, bytes }: Member): void {
    this.#numbers.push(size, checksum, bytes.length, crc32(bytes))
  }

  format(): Uint8Array {
    const list = new DataView(new ArrayBuffer(4 * this.#numbers.length))
    for (const [index, number] of this.#numbers.entries()) list.setUint32(4 * index, number, true)
    return new Uint8Array(list.buffer)
  }
}

interface Place {
  readonly blob: Descriptor
  readonly start: number
  readonly end: number
  readonly checksum: number
}

/**
 * The members of blobs that were compressed earlier, so that unchanged pieces of a layer need not
 * be compressed again. Nothing is guaranteed: a blob may be missing, and a list may be wrong.
 */
export class KeptMembers {
  readonly #store: ContentStore
  readonly #listLayers: () => readonly MadeLayer[]
  #places: ReadonlyMap<number, Place> | undefined

  /** `listLayers` is called at the first search. */
  constructor(store: ContentStore, listLayers: () => readonly MadeLayer[]) {
    this.#store = store
    this.#listLayers = listLayers
  }

  /** Returns the probable member of a piece with these numbers. */
  async find(size: number, checksum: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#places ??= placesOf(this.#listLayers())
    const place = this.#places.get(keyOf(size, checksum))
    if (place === undefined) return undefined
    const bytes = new Uint8Array(place.end - place.start)
    let filled = 0
    try {
      for await (const chunk of this.#store.read(place.blob, place)) {
        bytes.set(chunk, filled)
        filled += chunk.length
      }
    } catch {
      // The blob was collected or is damaged: the piece is compressed again.
      return undefined
    }
    return filled === bytes.length && crc32(bytes) === place.checksum ? bytes : undefined
  }
}

function placesOf(layers: readonly MadeLayer[]): ReadonlyMap<number, Place> {
  const places = new Map<number, Place>()
  for (const { blob, members } of layers) {
    const list = new DataView(members.buffer, members.byteOffset, members.byteLength)
    let start = 0
    for (let at = 0; at + entrySize <= list.byteLength; at += entrySize) {
      const key = keyOf(list.getUint32(at, true), list.getUint32(at + 4, true))
      const end = start + list.getUint32(at + 8, true)
      places.set(key, { blob, start, end, checksum: list.getUint32(at + 12, true) })
      start = end
    }
  }
  return places
}

/** A key of both numbers; a piece has at most 2^21 bytes. */
function keyOf(size: number, checksum: number): number {
  return checksum * 2 ** 21 + (size % 2 ** 21)
}
