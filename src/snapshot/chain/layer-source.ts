import { ContentMismatchError, type Digest, digestAlgorithm } from '#oci'
import { closeFile, fs, notedChecksum, openPlainFile } from '#platform'
import { type Bytes, checked, createHasher } from '#stream'
import type { LayerSource } from './snapshotter.ts'

const chunkSize = 1_048_576

/** The archive of a layer while it is read. */
export interface LayerStream {
  readonly bytes: Bytes
  /** Bytes that were yielded so far. */
  size(): number
}

/** The archive of a layer; throws before its last chunk when the bytes do not match the diff ID. */
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

/** Reads a file; each chunk reuses the same buffer. */
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

/** Like `readFile`, but proves in the fastest way that the bytes match `diffId`. */
export async function* readProved(path: string, diffId: Digest): Bytes {
  const checksum = notedChecksum(path)
  const { size } = fs().statSync(path)
  const expected = { digest: diffId, size }
  if (checksum === undefined) yield* proved(readFile(path), diffId)
  else yield* checked(() => readFile(path), expected, checksum)
}

/** Yields `bytes`; throws before the end when they do not match `diffId`. */
export async function* proved(bytes: Bytes, diffId: Digest): Bytes {
  const hasher = createHasher(digestAlgorithm(diffId))
  for await (const chunk of bytes) {
    hasher.update(chunk)
    yield chunk
  }
  requireDiffId(diffId, hasher.digest())
}

/** Throws `ContentMismatchError` when the archive of a layer has another digest. */
export function requireDiffId(diffId: Digest, actual: Digest): void {
  if (actual !== diffId) throw new ContentMismatchError('layer', `the diff ID ${diffId}`, actual)
}
