import type { StepServices } from '../step/workspace.ts'
import { type BuildState, type ExportedImage, exportImage } from './image.ts'

/** What becomes of the result of a build, by kind. */
export interface Exported {
  /** An image in the store. */
  readonly image: ExportedImage
}

/** Writes a result down; it is durable when this returns. */
type Exporter<Result> = (
  services: Pick<StepServices, 'store' | 'lease'>,
  state: BuildState,
  signal?: AbortSignal | undefined,
) => Promise<Result>

export const exporters: { readonly [Kind in keyof Exported]: Exporter<Exported[Kind]> } = {
  image: exportImage,
}
