import type { Image } from '#image'
import { chainIds, isStrakeError, type StrakeError } from '#oci'
import type { Lease } from '#records'
import type { Engine } from '../engine.ts'
import { type FoundImage, findImage, getImage } from './find-image.ts'

/** A found image, opened. */
export interface HeldImage extends FoundImage {
  readonly opened: Image
}

/** The number of failed readings of a named image after which the store counts as damaged. */
const patience = 3

/**
 * Finds the image that `text` names, reads it, and holds it by `lease`. Its content stays
 * even if another process removes the image. Throws `NOT_FOUND` also if another process
 * removes the image during the search.
 */
export async function holdImage(engine: Engine, text: string, lease: Lease): Promise<HeldImage> {
  for (let absences = 0; ; ) {
    const found = getImage(engine.records, text)
    await lease.hold(found.image.digest)
    const opened = await readIfPresent(engine, found)
    if (opened instanceof Error) {
      // Another process may have removed the image, and a third may have pulled it again.
      if (isStill(engine, text, found) && ++absences === patience) throw opened
      continue
    }
    const { manifest, layers } = opened
    await lease.hold(manifest.config.digest, ...layers.map(({ descriptor }) => descriptor.digest))
    // The store may have a layer only as the archive of a file system, so chains are held too.
    await lease.hold(...chainIds(opened.config.rootfs.diff_ids))
    // A process that removes the image from now on sees the lease. A process that did so before
    // has removed the name first.
    if (isStill(engine, text, found)) return { ...found, opened }
  }
}

/** Returns the error when content of the image is absent. */
async function readIfPresent(engine: Engine, found: FoundImage): Promise<Image | StrakeError> {
  try {
    return await engine.openImage(found.image)
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return error
    throw error
  }
}

function isStill({ records }: Engine, text: string, { image }: FoundImage): boolean {
  return findImage(records, text)?.image.digest === image.digest
}
