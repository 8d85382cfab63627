import { StrakeError } from '#oci'
import { fileType, treeCalls, typeOf } from '#platform'
import { decodeName, encodeName, printableName } from '#tar'

/** Overlayfs uses the first prefix; in a user namespace it uses the second. */
const prefixes = ['trusted.overlay.', 'user.overlay.']
const opaque = prefixes.map((prefix) => encodeName(`${prefix}opaque`))

/** True for the device 0:0 with which overlayfs marks a deleted name. */
export function isWhiteoutDevice(status: treeCalls.EntryStatus): boolean {
  return (
    typeOf(status.mode) === fileType.character &&
    status.deviceMajor === 0 &&
    status.deviceMinor === 0
  )
}

/** True for an upper directory that hides the lower one. */
export function isOpaque(fd: number): boolean {
  return opaque.some((name) => treeCalls.readAttribute(fd, name)?.[0] === 0x79)
}

/** Refuses files that overlayfs does not store completely in the upper directory. */
export function refuseRemote(fd: number, path: string): void {
  for (const bytes of treeCalls.listAttributes(fd)) {
    const name = decodeName(bytes)
    const mark = prefixes.find((prefix) => name.startsWith(prefix))
    const what = mark === undefined ? '' : name.slice(mark.length)
    if (what !== 'metacopy' && what !== 'redirect') continue
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot make a layer of ${printableName(path)}: overlayfs stored it with ${what}`,
      { remedy: 'mount the overlay with redirect_dir=off,metacopy=off' },
    )
  }
}
