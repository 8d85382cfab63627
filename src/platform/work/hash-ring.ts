import type { Hash } from 'node:crypto'
import { fs } from '../call/node-fs.ts'
import { writeAllNow } from '../call/write-all-now.ts'
import { joinChecksums } from './crc32.ts'

/** Memory for passing chunks between two threads: one fills slots, the other empties them. */
export interface Ring {
  /** `slots` chunks of `chunkSize` bytes. */
  readonly chunks: SharedArrayBuffer
  /** For each slot: offset and length of each part with its own digest. A negative length: the part continues. */
  readonly parts: SharedArrayBuffer
  /** The numbers of filled and of emptied chunks; per slot its length, its number of parts, and its writer. */
  readonly control: SharedArrayBuffer
  /** The file for the chunks, written from its start. */
  readonly descriptor: number
  /** Chunks of zeros become holes. The descriptor is not in append mode. */
  readonly hasHoles: boolean
}

/** Facts of the written file. */
export interface HashedFile {
  /** SHA-256 of the file, in hex. */
  readonly digest: string
  /** SHA-256 of every requested part, 32 bytes each, in order. */
  readonly parts: Uint8Array
  /** CRC-32 of the file. */
  readonly checksum: number
  /** CRC-32 of every `sumSize` bytes of the file; the last one covers the rest. */
  readonly sums: Uint32Array
}

export const chunkSize: number = 1_048_576
export const maxParts: number = 2048
export const slots: number = 6
/** Bytes of a file that one CRC-32 covers. */
export const sumSize: number = 1_048_576
/** Indexes into `control`. */
export const filledAt: number = 0
export const emptiedAt: number = 1
const slotsAt = 2
const numbersPerSlot = 3
/** Lengths that mean: the end of the file, or an abort. */
export const end: number = -1
export const abandon: number = -2

export function createRing(descriptor: number, hasHoles: boolean): Ring {
  return {
    chunks: new SharedArrayBuffer(slots * chunkSize),
    parts: new SharedArrayBuffer(slots * maxParts * 8),
    control: new SharedArrayBuffer(4 * (slotsAt + numbersPerSlot * slots)),
    descriptor,
    hasHoles,
  }
}

/** A whole chunk of zeros. */
let zeros: Uint8Array | undefined

/** Writes a chunk. A whole chunk of zeros that is left out takes no space; `endFile` sets the size. */
export function writeChunk(
  { descriptor, hasHoles }: Pick<Ring, 'descriptor' | 'hasHoles'>,
  chunk: Uint8Array,
  position: number,
): void {
  const mayBeHole = hasHoles && chunk.length === chunkSize && chunk[0] === 0
  if (mayBeHole && chunk[chunkSize - 1] === 0) {
    zeros ??= new Uint8Array(chunkSize)
    if (Buffer.compare(chunk, zeros) === 0) return
  }
  writeAllNow(descriptor, chunk, position)
}

/** Sets the size of a file that may end with a hole. */
export function endFile(
  { descriptor, hasHoles }: Pick<Ring, 'descriptor' | 'hasHoles'>,
  size: number,
): void {
  if (hasHoles) fs().ftruncateSync(descriptor, size)
}

/** Marks a slot as filled with `length` bytes and `partCount` parts, and as unwritten. */
export function fillSlot(
  control: Int32Array,
  slot: number,
  filled: { readonly length: number; readonly partCount: number },
): void {
  const at = slotsAt + numbersPerSlot * slot
  control[at] = filled.length
  control[at + 1] = filled.partCount
  control[at + 2] = 0
}

/** Returns true for the first thread that calls it; this thread must write the slot. */
export function claimSlot(control: Int32Array, slot: number): boolean {
  return Atomics.exchange(control, slotsAt + numbersPerSlot * slot + 2, 1) === 0
}

/**
 * Empties the ring until its end: hashes all chunks, and writes those that the other thread has not
 * claimed. Blocks.
 */
export function emptyRing(ring: Ring): HashedFile {
  const control = new Int32Array(ring.control)
  const hasher = createChunkHasher()
  let position = 0
  for (let count = 0; ; count++) {
    while (Atomics.load(control, filledAt) === count) Atomics.wait(control, filledAt, count)
    const slot = count % slots
    const at = slotsAt + numbersPerSlot * slot
    const length = control[at] ?? end
    if (length === end) endFile(ring, position)
    if (length < 0) return hasher.finish()
    const chunk = new Uint8Array(ring.chunks, slot * chunkSize, length)
    hasher.update(
      chunk,
      new Int32Array(ring.parts, slot * maxParts * 8, 2 * (control[at + 1] ?? 0)),
    )
    if (claimSlot(control, slot)) writeChunk(ring, chunk, position)
    position += length
    Atomics.add(control, emptiedAt, 1)
    Atomics.notify(control, emptiedAt)
  }
}

/** Hashes the chunks of a file. */
export interface ChunkHasher {
  /** `parts` are pairs of offset and length in the chunk, as in `Ring`. */
  update(chunk: Uint8Array, parts: Int32Array): void
  finish(): HashedFile
}

export function createChunkHasher(): ChunkHasher {
  const { crc32 } = process.getBuiltinModule('node:zlib')
  const hash = startHash()
  const digests: Uint8Array[] = []
  /** The hash of a part that continues. */
  let started: Hash | undefined
  const sums: number[] = []
  let size = 0
  return {
    update(chunk, parts) {
      hash.update(chunk)
      for (let at = 0; at < chunk.length; ) {
        const part = chunk.subarray(at, at + sumSize - (size % sumSize))
        const block = Math.floor(size / sumSize)
        sums[block] = crc32(part, sums[block] ?? 0)
        size += part.length
        at += part.length
      }
      for (let at = 0; at < parts.length; at += 2) {
        const [start = 0, length = 0] = [parts[at], parts[at + 1]]
        const own = (started ?? startHash()).update(chunk.subarray(start, start + Math.abs(length)))
        started = length < 0 ? own : undefined
        if (length >= 0) digests.push(own.digest())
      }
    },
    finish: () => ({
      digest: hash.digest('hex'),
      checksum: joined(sums, size),
      parts: Buffer.concat(digests),
      sums: Uint32Array.from(sums),
    }),
  }
}

/** Returns the CRC-32 of a file from those of its parts. */
function joined(sums: readonly number[], size: number): number {
  const ofPart = (index: number): number => Math.min(sumSize, size - index * sumSize)
  return sums.reduce((all, sum, index) => joinChecksums(all, sum, ofPart(index)), 0)
}

/** Starts a SHA-256. The module is loaded at the first use, because loading takes milliseconds. */
function startHash(): Hash {
  return process.getBuiltinModule('node:crypto').createHash('sha256')
}
