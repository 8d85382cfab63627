import { historyOf } from '#image'
import type { Digest } from '#oci'
import type { Engine } from '../engine.ts'
import { getImage } from './find-image.ts'
import { layerSize } from './record-image.ts'

/** One instruction, or whatever else made a layer or changed the configuration. */
export interface ImageHistoryEntry {
  /** Only the last step has an image of its own. */
  readonly imageId?: Digest
  readonly created?: Date
  readonly createdBy: string
  readonly comment: string
  /** Bytes of its layer, uncompressed where that is known; 0 without one. */
  readonly size: number
}

/** How an image was made, newest first. */
export async function imageHistory(
  engine: Engine,
  name: string,
): Promise<readonly ImageHistoryEntry[]> {
  const image = await engine.openImage(getImage(engine.records, name).image)
  return historyOf(image).map((step) => {
    const created = step.created === undefined ? Number.NaN : Date.parse(step.created)
    return {
      createdBy: step.createdBy,
      comment: step.comment,
      size: step.layer === undefined ? 0 : layerSize(engine, step.layer),
      ...(step.imageId === undefined ? {} : { imageId: step.imageId }),
      ...(Number.isNaN(created) ? {} : { created: new Date(created) }),
    }
  })
}
