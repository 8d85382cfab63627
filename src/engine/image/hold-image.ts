import { readGraph } from '#content'
import type { Image } from '#image'
import {
  chainIds,
  type Descriptor,
  type Digest,
  isManifestType,
  isStrakeError,
  type Platform,
  type StrakeError,
} from '#oci'
import { pathExists } from '#platform'
import type { Lease } from '#records'
import type { Engine } from '../engine.ts'
import { type FoundImage, findImage, getImage } from './find-image.ts'
import { type FoundTarget, findTarget, getTarget } from './find-target.ts'
import { openIndex } from './record-index.ts'

/** A found image, opened. */
export interface HeldImage extends FoundImage {
  readonly opened: Image
}

/** The target of a name, and its images: one, or those of an index that are in the store. */
export interface HeldTarget {
  readonly found: FoundTarget
  readonly opened: readonly Image[]
  /** Everything below an index that is in the store, and the index. */
  readonly parts: readonly Descriptor[]
}

/** The number of failed readings of a named image after which the store counts as damaged. */
const patience = 3

/**
 * Finds the image that `text` names, reads it, and holds it by `lease`. From an index it
 * takes the image for `platform`. All of it stays even when another process removes the
 * image. Throws `NOT_FOUND` also when the image is removed while it is looked up.
 */
export async function holdImage(
  engine: Engine,
  text: string,
  lease: Lease,
  platform?: Platform,
): Promise<HeldImage> {
  const { records } = engine
  return await holdStill({
    find: () => getImage(records, text, platform),
    isStill: ({ image }) => findImage(records, text, platform)?.image.digest === image.digest,
    hold: async (found) => {
      await lease.hold(found.image.digest)
      const opened = await engine.openImage(found.image)
      await holdParts(opened, lease)
      return { ...found, opened }
    },
  })
}

/**
 * Like `holdImage`, for all images of an index and the other manifests in it. With `only`, just
 * the images with these digests, and no other manifest.
 */
export async function holdTarget(
  engine: Engine,
  text: string,
  lease: Lease,
  only?: ReadonlySet<Digest>,
): Promise<HeldTarget> {
  const { records, content } = engine
  return await holdStill({
    find: () => getTarget(records, text),
    isStill: ({ descriptor }) => findTarget(records, text)?.descriptor.digest === descriptor.digest,
    hold: async (found) => {
      const { descriptor, isIndex } = found
      await lease.hold(descriptor.digest)
      if (!isIndex) {
        const image = await engine.openImage(descriptor)
        await holdParts(image, lease)
        return { found, opened: [image], parts: [] }
      }
      // An attestation is not an image, but is part of the index.
      const { blobs, documents } = await readGraph(content, descriptor, {
        prune: (child) => child.digest !== descriptor.digest && isLeftOut(engine, child, only),
      })
      const parts = [...blobs, ...documents.map((each) => each.descriptor)]
      await lease.hold(...parts.map(({ digest }) => digest))
      const { images } = await openIndex(engine, descriptor)
      const opened = images.filter((image) => only?.has(image.descriptor.digest) ?? true)
      for (const image of opened) await holdParts(image, lease)
      return { found, opened, parts }
    },
  })
}

function isLeftOut(
  engine: Engine,
  child: Descriptor,
  only: ReadonlySet<Digest> | undefined,
): boolean {
  const isOther = only !== undefined && isManifestType(child.mediaType) && !only.has(child.digest)
  return isOther || isAbsent(engine, child.digest)
}

/** A layer that was dropped is made again when it is read. */
function isAbsent({ content, records }: Engine, digest: Digest): boolean {
  return !pathExists(content.pathOf(digest)) && records.dropped.diffIdOf(digest) === undefined
}

/** Holds configuration and layers. A layer may be stored as the archive of a file system alone. */
async function holdParts({ manifest, config, layers }: Image, lease: Lease): Promise<void> {
  const digests = layers.map(({ descriptor }) => descriptor.digest)
  await lease.hold(manifest.config.digest, ...digests, ...chainIds(config.rootfs.diff_ids))
}

/**
 * Finds something and holds its content. Starts again when another process moves the name
 * or removes content during the call.
 */
async function holdStill<Found, Held>({
  find,
  hold,
  isStill,
}: {
  readonly find: () => Found
  readonly hold: (found: Found) => Promise<Held>
  readonly isStill: (found: Found) => boolean
}): Promise<Held> {
  for (let absences = 0; ; ) {
    const found = find()
    const held = await tryToHold(() => hold(found))
    if (held instanceof Error) {
      // Another process may have removed the image, and a third may have pulled it again.
      if (isStill(found) && ++absences === patience) throw held
      continue
    }
    // A process that removes the image from now on sees the lease. A process that did so before
    // has removed the name first.
    if (isStill(found)) return held
  }
}

/** Returns the error when content is absent. */
async function tryToHold<Held>(hold: () => Promise<Held>): Promise<Held | StrakeError> {
  try {
    return await hold()
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return error
    throw error
  }
}
