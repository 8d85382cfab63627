import { type Digest, digestHex } from '#oci'

/** How an index names the archive of a layer. */
export function archiveTag(diffId: Digest): string {
  return digestHex(diffId).slice(0, 64)
}

/** How an index names the contents of a layer's sparse files. */
export function sparseTag(diffId: Digest): string {
  return `sparse-${digestHex(diffId).slice(0, 57)}`
}
