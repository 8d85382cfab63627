import { ContentMismatchError, type Descriptor } from '#oci'
import type { Bytes } from '#stream'
import type { Ingest } from './store.ts'

/**
 * Appends the rest of `expected` and commits it. Drops the ingest if its content does not match.
 */
export async function receiveBlob(
  ingest: Ingest,
  expected: Descriptor,
  bytes: Bytes,
): Promise<void> {
  try {
    await ingest.append(upTo(bytes, expected, ingest.size))
    if (ingest.size !== expected.size) throw wrongSize(expected, `${ingest.size} bytes`)
    await ingest.commit(expected.digest)
  } catch (error) {
    if (error instanceof ContentMismatchError) await ingest.abort()
    throw error
  }
}

/** Yields at most the bytes of `expected`; throws instead of the first byte beyond its size. */
async function* upTo(
  bytes: Bytes,
  expected: Descriptor,
  start: number,
): AsyncGenerator<Uint8Array> {
  let size = start
  for await (const chunk of bytes) {
    size += chunk.length
    if (size > expected.size) throw wrongSize(expected, `at least ${size} bytes`)
    yield chunk
  }
}

function wrongSize(expected: Descriptor, actual: string): ContentMismatchError {
  return new ContentMismatchError(expected.digest, `${expected.size} bytes`, actual)
}
