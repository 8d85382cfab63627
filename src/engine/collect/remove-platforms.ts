import { readDocument, useResolution } from '#content'
import {
  type Descriptor,
  type Digest,
  formatPlatform,
  isManifestType,
  type Platform,
  StrakeError,
  subjectAnnotation,
} from '#oci'
import type { ImageRecord } from '#records'
import { cleanAfterCrash } from '../begin-work.ts'
import { tryPublishIndex } from '../content/publish-index.ts'
import type { Engine } from '../engine.ts'
import { imagesFor } from '../image/find-image.ts'
import { type FoundTarget, getTarget, targetOf } from '../image/find-target.ts'
import { imageEvent } from '../image/image-events.ts'
import { collectImage, isServed } from './collect-garbage.ts'
import { partsOf } from './image-parts.ts'
import { type Removed, type RemoveOptions, refuseWhileUsed, removeImage } from './remove.ts'

/**
 * Removes the images of an index for some platforms, with their attestations. The names stay and
 * mean the index with the other platforms. If no other platform is in the store, this is
 * `removeImage`. Throws `NOT_FOUND`, and `CONFLICT` when a container uses one of the images.
 */
export async function removePlatforms(
  engine: Engine,
  text: string,
  platforms: readonly Platform[],
  { force = false }: RemoveOptions = {},
): Promise<Removed> {
  await cleanAfterCrash(engine)
  const { records } = engine
  const index = getTarget(records, text, 'see strake images --all')
  const images = imagesFor(records, text, platforms, 'remove')
  const gone = new Set<Digest>(images.map(({ digest }) => digest))
  const left = index.images.filter(({ digest }) => !gone.has(digest))
  if (left.length === 0) return await removeImage(engine, text, { force })
  refuseWhileUsed(engine, images, text, force)
  refuseNamed(engine, images, text)
  const attestations = await attestationsOf(engine, index, gone)
  // Read before anything is removed.
  const parts = await Promise.all(images.map((image) => readParts(engine, image)))
  const deleted = await records.write(() => {
    records.indexes.put(
      index.descriptor,
      left.map(({ digest }) => digest),
    )
    const unneeded = images.filter(({ digest }) => records.indexes.having(digest).length === 0)
    for (const { digest, imageId } of unneeded) {
      records.images.remove(digest)
      records.events.append(imageEvent('delete', imageId))
    }
    return unneeded
  })
  const manifests = [...deleted, ...attestations]
  for (const { digest } of manifests) await dropManifest(engine, digest)
  const blobs = [...parts.flatMap((each) => each.blobs), ...attestations.flatMap(childDigests)]
  const chains = await collectImage(engine, {
    blobs: [...new Set(blobs)],
    chains: [...new Set(parts.flatMap((each) => each.chains))],
  })
  await tryPublishIndex(engine)
  return { untagged: [], deleted: [...deleted.map(({ imageId }) => imageId), ...chains] }
}

/** An image with a name of its own would keep its content. */
function refuseNamed({ records }: Engine, images: readonly ImageRecord[], text: string): void {
  for (const { digest, platform } of images) {
    const [name] = records.tags.namesOf(digest)
    if (name === undefined) continue
    throw new StrakeError(
      'CONFLICT',
      `Cannot remove ${formatPlatform(platform)} of image ${text}: it also has the name ${name}`,
      { remedy: `strake rmi ${name}` },
    )
  }
}

async function readParts(
  engine: Engine,
  { digest }: ImageRecord,
): Promise<{ readonly blobs: readonly Digest[]; readonly chains: readonly Digest[] }> {
  const target = targetOf(engine.records, digest)
  return (target && (await partsOf(engine, target))) ?? { blobs: [], chains: [] }
}

interface Attestation extends Descriptor {
  readonly children: readonly Digest[]
}

function childDigests({ children }: Attestation): readonly Digest[] {
  return children
}

/** Returns the attestations in an index that are about some of its images. */
async function attestationsOf(
  { content }: Engine,
  { descriptor }: FoundTarget,
  subjects: ReadonlySet<string>,
): Promise<readonly Attestation[]> {
  const { parsed } = await readDocument(content, descriptor)
  if (parsed.kind !== 'index') return []
  const found: Attestation[] = []
  for (const child of parsed.index.manifests) {
    const isOurs = subjects.has(child.annotations?.[subjectAnnotation] ?? '')
    if (!isOurs || !isManifestType(child.mediaType) || !(await content.has(child))) continue
    const document = await readDocument(content, child)
    if (document.parsed.kind !== 'manifest') continue
    const { config, layers } = document.parsed.manifest
    found.push({ ...child, children: [config, ...layers].map(({ digest }) => digest) })
  }
  return found
}

/**
 * Deletes a manifest although its index names it, so that a collection finds no way to its content.
 * It stays if a process holds it, or if a repository of the embedded registry has it.
 */
async function dropManifest(engine: Engine, digest: Digest): Promise<void> {
  const { content, records } = engine
  await content.deleteUnless(digest, async ({ usedAt }) => {
    const since = records.leases.oldest()
    if (since !== undefined && usedAt >= since - useResolution) return true
    if (records.leases.isHeld(digest) || records.images.get(digest) !== undefined) return true
    return await isServed(engine, digest)
  })
}
