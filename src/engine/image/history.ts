import { historyOf } from '#image'
import type { Digest } from '#oci'
import type { Engine } from '../engine.ts'
import { getImage } from './find-image.ts'
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

/** Returns the history of an image, newest entry first. */
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
      imageId: step.imageId,
      ...(Number.isNaN(created) ? {} : { created: new Date(created) }),
    }
  })
}
