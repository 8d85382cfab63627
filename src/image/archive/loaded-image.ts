import type { Descriptor, ImageName, Platform } from '#oci'
import type { Emit } from '#stream'

export interface LoadOptions {
  /** A directory for temporary files: streams are written there before they are read. */
  readonly temporaryDirectory: string
  /** Takes these platforms of an index; a single one without the index. Default: all. */
  readonly platforms?: readonly Platform[] | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** An image that was loaded. The caller names it, and reports it. */
export interface LoadedImage {
  /** The descriptor of its manifest or index. */
  readonly descriptor: Descriptor
  readonly names: readonly ImageName[]
}
