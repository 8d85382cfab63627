import type { Digest, HistoryEntry, Layer } from '#oci'
import type { Image } from './image.ts'

/** One step of an image's making, as `docker history` shows it. */
export interface HistoryStep {
  /** The image ID for the last step; earlier ones have no image of their own. */
  readonly imageId?: Digest
  /** The layer the step made; absent when it changed only the configuration. */
  readonly layer?: Layer
  readonly created?: string
  readonly createdBy: string
  readonly comment: string
}

/** How an image was made, last step first. Layers without a history get a step each. */
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
      ...(layer !== undefined && { layer }),
      ...(entry.created !== undefined && { created: entry.created }),
      createdBy: entry.created_by ?? '',
      comment: entry.comment ?? '',
    }
  })
  return steps.reverse()
}
