import { statSync } from 'node:fs'
import type { DirectoryStore } from '#content'
import {
  type Descriptor,
  type Digest,
  documentType,
  isStrakeError,
  limits,
  parseManifestOrIndex,
} from '#oci'
import { toBuffer } from '#stream'

/** Returns the descriptor of a blob that is an image manifest; `undefined` for any other blob. */
export async function findManifest(
  content: DirectoryStore,
  digest: Digest,
): Promise<Descriptor | undefined> {
  const size = statSync(content.pathOf(digest), { throwIfNoEntry: false })?.size
  if (size === undefined || size > limits.manifestSize) return undefined
  try {
    const blob = { mediaType: 'application/octet-stream', digest, size }
    const parsed = parseManifestOrIndex(await toBuffer(content.read(blob), size))
    if (parsed.kind !== 'manifest') return undefined
    return { mediaType: documentType(parsed), digest, size }
  } catch (error) {
    if (!isStrakeError(error)) throw error
    return undefined
  }
}
