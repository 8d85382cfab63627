import { type Digest, type DigestAlgorithm, sha256 } from '#oci'
import { concat } from './buffer.ts'
import type { Bytes } from './bytes.ts'
import { type KeptChunk, keepChunk } from './kept.ts'

/** Computes a digest. `digest` may be called once. */
export interface Hasher {
  update(chunk: Uint8Array): void
  digest(): Digest
}

/**
 * Content up to this many bytes is hashed in TypeScript, so that a command that reads
 * one manifest does not load `node:crypto`, which takes milliseconds.
 */
const smallSize = 16_384

/** Returns the runtime's native hash, which is faster than disks and networks. */
export function createHasher(algorithm: DigestAlgorithm = 'sha256'): Hasher {
  if (algorithm !== 'sha256') return createNativeHasher(algorithm)
  const held: KeptChunk[] = []
  let size = 0
  let native: Hasher | undefined
  return {
    update: (chunk) => {
      size += chunk.length
      if (native === undefined && size <= smallSize) {
        held.push(keepChunk(chunk))
        return
      }
      if (native === undefined) {
        native = createNativeHasher(algorithm)
        for (const earlier of held) native.update(earlier)
      }
      native.update(chunk)
    },
    digest: () => native?.digest() ?? sha256(concat(held)),
  }
}

function createNativeHasher(algorithm: DigestAlgorithm): Hasher {
  const hash = process.getBuiltinModule('node:crypto').createHash(algorithm)
  return {
    update: (chunk) => {
      hash.update(chunk)
    },
    digest: () => `${algorithm}:${hash.digest('hex')}`,
  }
}

/**
 * Yields `bytes` unchanged, and calls `onEnd` with their digest and size after the last one. When
 * the consumer stops early, `onEnd` is not called.
 */
export async function* hashed(
  bytes: Bytes,
  onEnd: (content: { readonly digest: Digest; readonly size: number }) => void,
  algorithm: DigestAlgorithm = 'sha256',
): AsyncGenerator<Uint8Array> {
  const hasher = createHasher(algorithm)
  let size = 0
  for await (const chunk of bytes) {
    hasher.update(chunk)
    size += chunk.length
    yield chunk
  }
  onEnd({ digest: hasher.digest(), size })
}

/** Returns the CRC-32 as in gzip. `sum` is the CRC-32 of the bytes before, to continue from. */
export function crc32(bytes: Uint8Array, sum = 0): number {
  return process.getBuiltinModule('node:zlib').crc32(bytes, sum)
}
