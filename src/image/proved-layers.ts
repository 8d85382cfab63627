import type { Layer } from '#oci'
import type { Layers } from '#records'

/** The verified records that map stored blobs to their diff IDs. */
export type ProvedLayers = Pick<Layers, 'link' | 'diffIdOf'>

/**
 * True when the blob of a layer is known to match its diff ID. The diff ID alone proves nothing: an
 * image may claim those of another image.
 */
export function isProved({ descriptor, diffId }: Layer, layers?: ProvedLayers): boolean {
  return descriptor.digest === diffId || layers?.diffIdOf(descriptor.digest) === diffId
}
