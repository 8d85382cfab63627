import { historyOf } from '#image'
import { type Digest, parsePlatform } from '#oci'
import type { Engine } from '../engine.ts'
import { getImage, getImageFor } from './find-image.ts'
import { layerSize } from './record-image.ts'

/** One entry of an image's history: an instruction, or another step that changed layers or configuration. */
export interface ImageHistoryEntry {
  /** Set for the last step only. */
  readonly imageId?: Digest | undefined
  readonly created?: Date
  readonly createdBy: string
  readonly comment: string
  /** Bytes of the layer, uncompressed if that size is known; 0 without a layer. */
  readonly size: number
}

/**
 * Returns the history of an image, newest entry first. From an index it takes the image for
 * `platform`. Throws `NOT_FOUND`.
 */
export async function imageHistory(
  engine: Engine,
  name: string,
  { platform }: { readonly platform?: string | undefined } = {},
): Promise<readonly ImageHistoryEntry[]> {
  const { records } = engine
  const found =
    platform === undefined
      ? getImage(records, name)
      : getImageFor(records, name, parsePlatform(platform), 'show the history of')
  const image = await engine.openImage(found.image)
  return historyOf(image).map((step) => {
    const created = step.created === undefined ? Number.NaN : Date.parse(step.created)
    return {
      createdBy: step.createdBy,
      comment: step.comment,
      size: step.layer === undefined ? 0 : layerSize(engine, step.layer),
      imageId: step.imageId,
      ...(Number.isNaN(created) ? {} : { created: new Date(created) }),
    }
  })
}
