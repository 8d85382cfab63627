import type { StepServices } from '../step/workspace.ts'
import { type BuildState, type ExportedImage, exportImage } from './image.ts'

/** The results of exporters, by kind. */
export interface Exported {
  /** An image in the store. */
  readonly image: ExportedImage
}

/** Writes a result to the disk durably. */
type Exporter<Result> = (
  services: Pick<StepServices, 'store' | 'lease'>,
  state: BuildState,
  signal?: AbortSignal | undefined,
) => Promise<Result>

export const exporters: { readonly [Kind in keyof Exported]: Exporter<Exported[Kind]> } = {
  image: exportImage,
}
