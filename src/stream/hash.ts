import { type Digest, type DigestAlgorithm, sha256 } from '#oci'
import { concat } from './buffer.ts'
import type { Bytes } from './bytes.ts'
import { type KeptChunk, keepChunk } from './kept.ts'

/** A digest being computed. `digest` may be asked for once. */
export interface Hasher {
  update(chunk: Uint8Array): void
  digest(): Digest
}

/**
 * Content up to this many bytes is hashed in TypeScript: a command that reads
 * one manifest is spared the milliseconds that loading `node:crypto` takes.
 */
const smallSize = 16_384

/** The runtime's native hash, which keeps up with any disk or network. */
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
 * Passes bytes through and reports what they were once the last one has been
 * yielded. A consumer that stops early gets no report.
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

/** CRC-32 as gzip has it; of what follows bytes whose own is `sum`, that of both. */
export function crc32(bytes: Uint8Array, sum = 0): number {
  return process.getBuiltinModule('node:zlib').crc32(bytes, sum)
}
