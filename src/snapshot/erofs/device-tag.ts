import { type Digest, digestHex } from '#oci'

/** The name of a layer's archive in an index. */
export function archiveTag(diffId: Digest): string {
  return digestHex(diffId).slice(0, 64)
}

/** The name of the file with a layer's sparse contents in an index. */
export function sparseTag(diffId: Digest): string {
  return `sparse-${digestHex(diffId).slice(0, 57)}`
}
