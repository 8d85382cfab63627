import type { Digest, HistoryEntry, Layer } from '#oci'
import type { Image } from './image.ts'

/** A step in the history of an image, as in `docker history`. */
export interface HistoryStep {
  /** The image ID in the last step; absent in earlier steps. */
  readonly imageId?: Digest
  /** The layer of the step; absent when the step changed only the configuration. */
  readonly layer?: Layer | undefined
  readonly created?: string | undefined
  readonly createdBy: string
  readonly comment: string
}

/** The history of an image, last step first. Without a history, every layer is a step. */
export function historyOf({ config, layers, imageId }: Image): HistoryStep[] {
  const entries: readonly HistoryEntry[] =
    config.history !== undefined && config.history.length > 0
      ? config.history
      : layers.map(() => ({}))
  let made = 0
  const steps = entries.map((entry, index): HistoryStep => {
    const layer = entry.empty_layer === true ? undefined : layers[made++]
    return {
      ...(index === entries.length - 1 && { imageId }),
      layer,
      created: entry.created,
      createdBy: entry.created_by ?? '',
      comment: entry.comment ?? '',
    }
  })
  return steps.reverse()
}
