import type { TarHeader } from './entry.ts'
import { encodeName, printableName } from './name.ts'

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

/** Bytes of one value, and of all attributes of a file with 8 for each, that an index can hold. */
const [largestValue, largestSum] = [65_535, 262_136]

/**
 * Returns true when an index cannot hold these attributes of one file. Some file
 * systems take more, but a layer must be the same wherever it is stored.
 */
export function areTooLarge(xattrs: ReadonlyMap<string, Uint8Array>): boolean {
  let sum = 0
  for (const [name, value] of xattrs) {
    if (value.length > largestValue) return true
    sum += encodeName(name).length + value.length + 8
  }
  return sum > largestSum
}

/** Seconds up to which the nanoseconds since 1970 fit into 64 bits: the year 2262. */
const latest = 9_223_372_036

/**
 * The time that a filesystem gets from an entry. One before 1970 or after 2262 is
 * 1970, as Docker has it, and `warn` hears of it.
 */
export function travellingTime(
  { path, mtime, mtimeNanoseconds }: TarHeader,
  warn: (message: string) => void,
): { readonly seconds: number; readonly nanoseconds: number } {
  if (mtime >= 0 && mtime <= latest) {
    return { seconds: mtime, nanoseconds: mtimeNanoseconds }
  }
  warn(`The time of ${printableName(path)} is out of range: it becomes 1970`)
  return { seconds: 0, nanoseconds: 0 }
}
