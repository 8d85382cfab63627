import { type Bytes, toBuffer } from '#stream'
import type { TarInput } from '../entry.ts'
import { blockSize, paddingOf } from '../field.ts'
import { printableName } from '../name.ts'
import { encodeEntry } from './encode.ts'
import type { TarLister } from './listing.ts'
import { refuseToWrite } from './refuse-to-write.ts'

const outputSize = 262_144
const endSize = 2 * blockSize
const padding = new Uint8Array(blockSize)

/**
 * Writes an archive: the same entries always give the same bytes. Headers are plain ustar; a pax
 * header is added only when an entry does not fit. Throws `INVALID` when a body is shorter or
 * longer than its entry's size. Calls `lister` with every entry.
 */
export async function* writeTar(
  entries: AsyncIterable<TarInput> | Iterable<TarInput>,
  lister?: TarLister,
): AsyncGenerator<Uint8Array, void, undefined> {
  const output = new Output()
  for await (const entry of entries) {
    const { body } = entry
    const size = sizeOf(entry)
    const sized = { ...entry, size }
    const header = encodeEntry(sized)
    lister?.add(sized, output.size, header.length)
    for (const chunk of output.add(header)) yield chunk
    if (!hasContents(entry)) continue
    if (body instanceof Uint8Array) {
      for (const chunk of output.add(body)) yield chunk
    } else if (body !== undefined) {
      for await (const part of exactly(body, entry.path, size)) {
        for (const chunk of output.add(part)) yield chunk
      }
    } else if (size > 0) wrongSize(entry.path, size, 0)
    const rest = paddingOf(size)
    if (rest > 0) for (const chunk of output.add(padding.subarray(0, rest))) yield chunk
  }
  yield* output.add(new Uint8Array(endSize))
  yield* output.flush()
}

/** The whole archive, for entries whose bodies are in memory. */
export async function packTar(entries: Iterable<TarInput>): Promise<Uint8Array> {
  return await toBuffer(writeTar(entries), Number.MAX_SAFE_INTEGER)
}

function hasContents(entry: TarInput): boolean {
  return (entry.type ?? 'file') === 'file'
}

function sizeOf(entry: TarInput): number {
  const { body, size } = entry
  if (!hasContents(entry)) return 0
  if (body instanceof Uint8Array) {
    return size === undefined || size === body.length
      ? body.length
      : wrongSize(entry.path, size, body.length)
  }
  if (body !== undefined && size === undefined) {
    throw new TypeError(`The size of ${printableName(entry.path)} must be given with its body`)
  }
  return size ?? 0
}

async function* exactly(
  body: Bytes,
  path: string,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let written = 0
  for await (const chunk of body) {
    written += chunk.length
    if (written > size) wrongSize(path, size, written)
    yield chunk
  }
  if (written < size) wrongSize(path, size, written)
}

function wrongSize(path: string, expected: number, actual: number): never {
  refuseToWrite(
    path,
    `it has ${actual} bytes where ${expected} were announced`,
    'keep the file unchanged while it is read',
  )
}

/** Collects small parts into chunks of 256 KiB and passes large parts through. */
class Output {
  #buffer = new Uint8Array(outputSize)
  #length = 0
  /** Bytes added so far. */
  size = 0

  /** Adds `part`; returns the chunks that are now complete. */
  add(part: Uint8Array): readonly Uint8Array[] {
    this.size += part.length
    if (part.length >= outputSize / 2) return [...this.flush(), part]
    const full = this.#length + part.length > outputSize ? this.flush() : none
    this.#buffer.set(part, this.#length)
    this.#length += part.length
    return full
  }

  flush(): readonly Uint8Array[] {
    if (this.#length === 0) return none
    const full = this.#buffer.subarray(0, this.#length)
    this.#buffer = new Uint8Array(outputSize)
    this.#length = 0
    return [full]
  }
}

const none: readonly Uint8Array[] = []
