import type { Hash } from 'node:crypto'

/** Memory two threads pass chunks through, one filling and one emptying. */
export interface Ring {
  /** `slots` chunks of `chunkSize` bytes. */
  readonly chunks: SharedArrayBuffer
  /** By slot: where the parts are that are hashed by themselves, as offset and length. */
  readonly parts: SharedArrayBuffer
  /** How many chunks were filled, how many emptied; by slot, its bytes and its parts. */
  readonly control: SharedArrayBuffer
  /** Where the emptying end writes to. */
  readonly descriptor: number
}

/** What was written. */
export interface HashedFile {
  /** SHA-256 of the file, in hex. */
  readonly digest: string
  /** SHA-256 of every part that was asked for, 32 bytes each, in order. */
  readonly parts: Uint8Array
}

export const chunkSize: number = 1_048_576
export const maxParts: number = 2048
export const slots: number = 6
/** Indexes into `control`; the numbers of a slot are two. */
export const filledAt: number = 0
export const emptiedAt: number = 1
export const slotsAt: number = 2
/** Lengths that mean no chunk: nothing more comes, or nothing of it is wanted. */
export const end: number = -1
export const abandon: number = -2

export function createRing(descriptor: number): Ring {
  return {
    chunks: new SharedArrayBuffer(slots * chunkSize),
    parts: new SharedArrayBuffer(slots * maxParts * 8),
    control: new SharedArrayBuffer(4 * (slotsAt + 2 * slots)),
    descriptor,
  }
}

/** Empties the ring into the file until its end. Blocks. */
export function writeRing(ring: Ring): HashedFile {
  const control = new Int32Array(ring.control)
  const writer = createChunkWriter(ring.descriptor)
  for (let count = 0; ; count++) {
    while (Atomics.load(control, filledAt) === count) Atomics.wait(control, filledAt, count)
    const slot = count % slots
    const length = control[slotsAt + 2 * slot] ?? end
    if (length < 0) return writer.finish()
    const partCount = control[slotsAt + 2 * slot + 1] ?? 0
    writer.write(
      new Uint8Array(ring.chunks, slot * chunkSize, length),
      new Int32Array(ring.parts, slot * maxParts * 8, 2 * partCount),
    )
    Atomics.add(control, emptiedAt, 1)
    Atomics.notify(control, emptiedAt)
  }
}

/** Hashes chunks and appends them to a file, in this thread. */
export interface ChunkWriter {
  /** `parts` are pairs of offset and length in the chunk. */
  write(chunk: Uint8Array, parts: Int32Array): void
  finish(): HashedFile
}

export function createChunkWriter(descriptor: number): ChunkWriter {
  const hash = startHash()
  const digests: Uint8Array[] = []
  return {
    write(chunk, parts) {
      hash.update(chunk)
      for (let at = 0; at < parts.length; at += 2) {
        const start = parts[at] ?? 0
        const part = chunk.subarray(start, start + (parts[at + 1] ?? 0))
        digests.push(startHash().update(part).digest())
      }
      append(descriptor, chunk)
    },
    finish: () => ({ digest: hash.digest('hex'), parts: Buffer.concat(digests) }),
  }
}

/** SHA-256. Modules are loaded when they are needed: that takes milliseconds. */
function startHash(): Hash {
  return process.getBuiltinModule('node:crypto').createHash('sha256')
}

/** However little the kernel takes at a time. */
function append(descriptor: number, chunk: Uint8Array): void {
  const { writeSync } = process.getBuiltinModule('node:fs')
  for (let done = 0; done < chunk.length; ) {
    done += writeSync(descriptor, chunk, done, chunk.length - done)
  }
}
