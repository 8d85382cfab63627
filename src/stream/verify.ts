import { ContentMismatchError, type Descriptor, digestAlgorithm } from '#oci'
import type { Bytes } from './bytes.ts'
import { createHasher } from './hash.ts'

/**
 * Yields `bytes` unchanged and checks that they match `expected` by the end of the iteration.
 *
 * Nothing is verified before that: a consumer that stops early has read unverified bytes and must
 * not commit them. Never yields more than `expected.size` bytes, whatever the sender does.
 */
export async function* verified(
  bytes: Bytes,
  expected: Pick<Descriptor, 'digest' | 'size'>,
): AsyncGenerator<Uint8Array> {
  const hasher = createHasher(digestAlgorithm(expected.digest))
  let size = 0
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > expected.size) throw wrongSize(expected, `at least ${size} bytes`)
    hasher.update(chunk)
    yield chunk
  }
  if (size !== expected.size) throw wrongSize(expected, `${size} bytes`)
  const actual = hasher.digest()
  if (actual !== expected.digest) {
    throw new ContentMismatchError('content', expected.digest, actual)
  }
}

function wrongSize(
  expected: Pick<Descriptor, 'digest' | 'size'>,
  actual: string,
): ContentMismatchError {
  return new ContentMismatchError(expected.digest, `${expected.size} bytes`, actual)
}
