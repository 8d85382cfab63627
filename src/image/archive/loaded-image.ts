import type { Descriptor, ImageName, Platform } from '#oci'
import type { Emit } from '#stream'

export interface LoadOptions {
  /** A directory for what must be written before it can be read. */
  readonly temporaryDirectory: string
  /** Of an index in the archive; this machine's unless given. */
  readonly platform?: Platform | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}

/** An image that was loaded. Naming it is the caller's to do, and to tell. */
export interface LoadedImage {
  /** Of its manifest. */
  readonly descriptor: Descriptor
  readonly names: readonly ImageName[]
}
