import type { ContentSource } from '#content'
import { ContentMismatchError, type Descriptor, isStrakeError } from '#oci'
import { isSystemError } from '#platform'
import { verified } from '#stream'

export type Condition = 'sound' | 'absent' | 'damaged'

/** Reads content as a whole and compares its size and digest. A place that the disk cannot read is damage. */
export async function proveContent(
  content: ContentSource,
  { mediaType, digest, size }: Descriptor,
  signal?: AbortSignal,
): Promise<Condition> {
  const target = { mediaType, digest, size }
  try {
    const bytes = content.read(target, { readerVerifies: true, reusesChunks: true, signal })
    for await (const _ of verified(bytes, target));
    return 'sound'
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof ContentMismatchError || isSystemError(error, 'EIO')) return 'damaged'
    if (isStrakeError(error, 'NOT_FOUND') || isStrakeError(error, 'BLOB_UNKNOWN')) return 'absent'
    throw error
  }
}
