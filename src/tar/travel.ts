import type { TarHeader } from './entry.ts'
import { printableName } from './name.ts'

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

/** What ext4 can hold, so that a tree is the same wherever it is kept. */
const [earliest, latest] = [-(2 ** 31), 15_032_385_535]

/** The time that a filesystem gets from an entry; `warn` hears when it had to be brought into range. */
export function travellingTime(
  { path, mtime, mtimeNanoseconds }: TarHeader,
  warn: (message: string) => void,
): { readonly seconds: number; readonly nanoseconds: number } {
  if (mtime >= earliest && mtime <= latest) {
    return { seconds: mtime, nanoseconds: mtimeNanoseconds }
  }
  warn(`The time of ${printableName(path)} is out of range and was brought into it`)
  return { seconds: mtime < earliest ? earliest : latest, nanoseconds: 0 }
}
