import {
  type Descriptor,
  type Digest,
  documentType,
  limits,
  parseManifestOrIndex,
  StrakeError,
} from '#oci'
import { toBuffer } from '#stream'
import type { ClientContent } from './content.ts'

/**
 * Returns the descriptor of a manifest or index that the client has, of which it tells only the
 * digest. Throws `NOT_FOUND` when the client does not have it, and `INVALID` for another blob.
 */
export async function describeDocument(
  content: ClientContent,
  digest: Digest,
  signal?: AbortSignal,
): Promise<Descriptor> {
  const size = await content.sizeOf(digest, signal)
  if (size === undefined) {
    throw new StrakeError('NOT_FOUND', `Cannot read ${digest}: the client does not have it`)
  }
  if (size > limits.manifestSize) {
    throw new StrakeError('INVALID', `Cannot read ${digest}: it has ${size} bytes`)
  }
  const blob = { mediaType: 'application/octet-stream', digest, size }
  const raw = await toBuffer(content.read(blob, { signal }), size, digest)
  return { mediaType: documentType(parseManifestOrIndex(raw)), digest, size }
}
