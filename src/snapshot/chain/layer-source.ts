import { ContentMismatchError, type Digest, digestAlgorithm } from '#oci'
import { closeFile, fs, notedChecksum, openPlainFile } from '#platform'
import { type Bytes, checked, createHasher } from '#stream'
import type { LayerSource } from './snapshotter.ts'

const chunkSize = 1_048_576

/** A layer's archive on its way. */
export interface LayerStream {
  readonly bytes: Bytes
  /** Bytes that have passed. */
  size(): number
}

/** The archive of a layer; bytes that are not what its diff ID names throw before the last is out. */
export function readLayer({ tar, diffId }: Pick<LayerSource, 'tar' | 'diffId'>): LayerStream {
  const state = { size: 0 }
  const bytes = typeof tar === 'string' ? readProved(tar, diffId) : proved(tar, diffId)
  return {
    bytes: (async function* () {
      for await (const chunk of bytes) {
        state.size += chunk.length
        yield chunk
      }
    })(),
    size: () => state.size,
  }
}

/** A file from its beginning, in memory that the next chunk overwrites. */
export async function* readFile(path: string): Bytes {
  const file = openPlainFile(path)
  const chunk = Buffer.allocUnsafeSlow(chunkSize)
  try {
    for (;;) {
      const count = fs().readSync(file, chunk, 0, chunkSize, null)
      if (count === 0) return
      yield chunk.subarray(0, count)
    }
  } finally {
    closeFile(file)
  }
}

/** `readFile`, by the quickest way that proves the bytes to be what `diffId` names. */
export async function* readProved(path: string, diffId: Digest): Bytes {
  const checksum = notedChecksum(path)
  const { size } = fs().statSync(path)
  const expected = { digest: diffId, size }
  if (checksum === undefined) yield* proved(readFile(path), diffId)
  else yield* checked(() => readFile(path), expected, checksum)
}

/** Passes bytes through; ones that are not what `diffId` names throw before the end. */
export async function* proved(bytes: Bytes, diffId: Digest): Bytes {
  const hasher = createHasher(digestAlgorithm(diffId))
  for await (const chunk of bytes) {
    hasher.update(chunk)
    yield chunk
  }
  requireDiffId(diffId, hasher.digest())
}

/** Throws `ContentMismatchError` when the archive of a layer turned out to be another. */
export function requireDiffId(diffId: Digest, actual: Digest): void {
  if (actual !== diffId) throw new ContentMismatchError('layer', `the diff ID ${diffId}`, actual)
}
