import { createHash } from 'node:crypto'
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { openPlainFile, temporaryName, treeCalls, writeAllNow } from '#platform'
import { crc32 } from '#stream'

/** "strakec1", read as two numbers. */
const magic = [0x61727473, 0x3163656b] as const
/** The magic, the checksum of the rest, the number of parts, and then the length of each part. */
const headNumbers = 4

/** The path of a cache file for a key. */
export function cachePath(directory: string, kind: string, key: string): string {
  return `${directory}/${createHash('sha256').update(key).digest('hex').slice(0, 32)}.${kind}`
}

/**
 * Replaces a cache file. The file is not synced: after a crash its checksum may be
 * wrong, and then it is ignored. Errors of writing are ignored.
 */
export function writeCacheFile(path: string, parts: readonly Uint8Array[]): void {
  const lengths = Uint32Array.from(parts, (part) => part.length)
  const padded = parts.flatMap((part) => [part, new Uint8Array(paddingOf(part.length))])
  const body = [bytesOf(lengths), new Uint8Array(paddingOf(lengths.byteLength)), ...padded]
  const sum = body.reduce((sum, part) => crc32(part, sum), 0)
  const head = bytesOf(Uint32Array.of(...magic, sum, parts.length))
  const temporary = `${dirname(path)}/${temporaryName()}`
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const file = openSync(temporary, 'wx', 0o600)
    try {
      for (const part of [head, ...body]) writeAllNow(file, part)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch {
    rmSync(temporary, { force: true })
  }
}

/**
 * Returns the parts of a cache file, each at a multiple of eight bytes, or `undefined`
 * unless it is whole.
 */
export function readCacheFile(path: string, count: number): Uint8Array[] | undefined {
  const bytes = readWhole(path)
  const bodyAt = 4 * headNumbers
  if (bytes === undefined || bytes.length < bodyAt + 4 * count) return undefined
  const [first, second, sum, found] = new Uint32Array(bytes.buffer, 0, headNumbers)
  if (first !== magic[0] || second !== magic[1] || found !== count) return undefined
  if (crc32(bytes.subarray(bodyAt)) !== sum) return undefined
  let start = bodyAt + 4 * count + paddingOf(4 * count)
  return [...new Uint32Array(bytes.buffer, bodyAt, count)].map((length) => {
    const part = bytes.subarray(start, start + length)
    start += length + paddingOf(length)
    return part
  })
}

/** The memory of an array. */
export function bytesOf(array: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

function readWhole(path: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const file = openPlainFile(path)
    try {
      const bytes = new Uint8Array(fstatSync(file).size)
      return treeCalls.readFully(file, bytes, 0) === bytes.length ? bytes : undefined
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}

function paddingOf(length: number): number {
  return (8 - (length % 8)) % 8
}
