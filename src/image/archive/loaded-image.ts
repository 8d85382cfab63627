import type { Descriptor, ImageName, Platform } from '#oci'
import type { Emit } from '#stream'

export interface LoadOptions {
  /** A directory for temporary files: streams are written there before they are read. */
  readonly temporaryDirectory: string
  /** Takes this platform of an index alone, without the index. */
  readonly platform?: Platform | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** An image that was loaded. The caller names it, and reports it. */
export interface LoadedImage {
  /** The descriptor of its manifest or index. */
  readonly descriptor: Descriptor
  readonly names: readonly ImageName[]
}
