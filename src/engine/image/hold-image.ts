import type { Image } from '#image'
import { chainIds, isStrakeError } from '#oci'
import type { Lease } from '#records'
import type { Engine } from '../engine.ts'
import { type FoundImage, findImage, getImage } from './find-image.ts'

/** What a name meant, and the image itself. */
export interface HeldImage extends FoundImage {
  readonly opened: Image
}

/**
 * The image that `text` names, read and held by `lease`, so that all of it stays
 * whatever others remove meanwhile. Throws `NOT_FOUND` also when it goes away
 * while it is looked up.
 */
export async function holdImage(engine: Engine, text: string, lease: Lease): Promise<HeldImage> {
  for (;;) {
    const found = getImage(engine.records, text)
    await lease.hold(found.image.digest)
    const opened = await readOrMoved(engine, text, found)
    if (opened === undefined) continue
    const { manifest, layers } = opened
    await lease.hold(manifest.config.digest, ...layers.map(({ descriptor }) => descriptor.digest))
    // A layer may be stored as the archive of a file system alone.
    await lease.hold(...chainIds(opened.config.rootfs.diff_ids))
    // Whoever removes it from now on sees the lease; who did before took the name first.
    if (isStill(engine, text, found)) return { ...found, opened }
  }
}

/** `undefined` when the name went away, or to another image, before everything was read. */
async function readOrMoved(
  engine: Engine,
  text: string,
  found: FoundImage,
): Promise<Image | undefined> {
  try {
    return await engine.openImage(found.image)
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND') && !isStill(engine, text, found)) return undefined
    throw error
  }
}

function isStill({ records }: Engine, text: string, { image }: FoundImage): boolean {
  return findImage(records, text)?.image.digest === image.digest
}
