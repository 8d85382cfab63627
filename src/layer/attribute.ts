import { treeCalls } from '#platform'
import { decodeName, encodeName, mayTravel, type TarEntry } from '#tar'

/** The portable attributes of an open file, in byte order of their names. */
export function travellingAttributes(fd: number, acls: boolean): ReadonlyMap<string, Uint8Array> {
  const names = treeCalls.listAttributes(fd)
  if (names.length === 0) return none
  const found = new Map<string, Uint8Array>()
  for (const name of names.map((bytes) => decodeName(bytes)).sort()) {
    const value = mayTravel(name, acls) ? treeCalls.readAttribute(fd, encodeName(name)) : undefined
    if (value !== undefined) found.set(name, value)
  }
  return found
}

const none: ReadonlyMap<string, Uint8Array> = new Map()

/** Removes the portable attributes that are not in `kept`. */
export function removeAttributes(fd: number, kept: TarEntry['xattrs'], acls: boolean): void {
  for (const bytes of treeCalls.listAttributes(fd)) {
    const name = decodeName(bytes)
    if (mayTravel(name, acls) && !kept.has(name)) treeCalls.removeAttribute(fd, bytes)
  }
}
