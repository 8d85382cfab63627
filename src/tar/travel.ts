import type { TarHeader } from './entry.ts'
import { encodeName, printableName } from './name.ts'

const accessLists = ['system.posix_acl_access', 'system.posix_acl_default']

/**
 * Whether an extended attribute may be moved between a layer and a file system. `trusted.*` and
 * `user.overlay.*` would control overlayfs. `security.*` belongs to the host, except file
 * capabilities.
 */
export function mayTravel(name: string, acls = false): boolean {
  if (name.startsWith('user.')) return name.length > 5 && !name.startsWith('user.overlay.')
  return name === 'security.capability' || (acls && accessLists.includes(name))
}

/**
 * Limits of an index: bytes of one value, and of all attributes of a file, with 8 more for each.
 */
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
 * Returns the time that a file system gets from an entry. A time before 1970 or after 2262 becomes
 * 1970, as in Docker, and `warn` is called.
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
