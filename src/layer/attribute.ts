import { at } from '#platform'
import { decodeName, encodeName } from '#tar'

const accessLists = ['system.posix_acl_access', 'system.posix_acl_default']

/**
 * Whether an extended attribute may travel between a layer and a filesystem.
 * `trusted.*` and `user.overlay.*` would steer overlayfs, `security.*` but file
 * capabilities belongs to the host (RELIABILITY A12).
 */
export function mayTravel(name: string, acls = false): boolean {
  if (name.startsWith('user.')) return name.length > 5 && !name.startsWith('user.overlay.')
  return name === 'security.capability' || (acls && accessLists.includes(name))
}

/** The attributes of an open file that may travel, in byte order of their names. */
export function travellingAttributes(fd: number, acls: boolean): ReadonlyMap<string, Uint8Array> {
  const names = at.listAttributes(fd)
  if (names.length === 0) return none
  const found = new Map<string, Uint8Array>()
  for (const name of names.map((bytes) => decodeName(bytes)).sort()) {
    const value = mayTravel(name, acls) ? at.readAttribute(fd, encodeName(name)) : undefined
    if (value !== undefined) found.set(name, value)
  }
  return found
}

const none: ReadonlyMap<string, Uint8Array> = new Map()
