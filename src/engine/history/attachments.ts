import { readDocument } from '#content'
import { type Descriptor, isDigest, isIndexType, isStrakeError, parseDigest } from '#oci'
import { toBuffer } from '#stream'
import type { Engine } from '../engine.ts'
import { findTarget } from '../image/find-target.ts'
import type { BuildRecord } from './record.ts'

/** A statement about the result of a build. */
export interface Attachment {
  readonly descriptor: Descriptor
  readonly predicateType: string
  readonly raw: Uint8Array
}

/** The most bytes of one statement in a bundle. */
const largestAttachment = 32 * 2 ** 20

/** Reads the attestations of the result of a build, as far as the store still has them. */
export async function readAttachments(
  { content, records }: Pick<Engine, 'content' | 'records'>,
  { digest }: BuildRecord,
): Promise<readonly Attachment[]> {
  if (digest === undefined || !isDigest(digest)) return []
  const target = findTarget(records, parseDigest(digest))
  if (target === undefined || !isIndexType(target.descriptor.mediaType)) return []
  try {
    const { parsed } = await readDocument(content, target.descriptor)
    const found: Attachment[] = []
    for (const child of parsed.kind === 'index' ? parsed.index.manifests : []) {
      if (child.annotations?.['vnd.docker.reference.type'] !== 'attestation-manifest') continue
      const manifest = await readDocument(content, child)
      for (const layer of manifest.parsed.kind === 'manifest'
        ? manifest.parsed.manifest.layers
        : []) {
        const predicateType = layer.annotations?.['in-toto.io/predicate-type']
        if (predicateType === undefined || layer.size > largestAttachment) continue
        const raw = await toBuffer(content.read(layer), layer.size)
        found.push({ descriptor: layer, predicateType, raw })
      }
    }
    return found
  } catch (error) {
    // Another process may remove the image now. The record stays.
    if (isStrakeError(error, 'NOT_FOUND')) return []
    throw error
  }
}
