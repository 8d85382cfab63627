import { digestHex, sha256 } from '#oci'

/** The name of a container's anonymous volume, the same at every start. */
export function anonymousVolume(containerId: string, destination: string): string {
  return digestHex(sha256(`${containerId} ${destination}`))
}
