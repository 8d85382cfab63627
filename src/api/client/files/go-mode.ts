/** Types of files that travel to and from clients. */
export type EntryType = 'file' | 'directory' | 'symlink' | 'fifo' | 'other'

/**
 * The bits of Go's `os.FileMode`, which are not those of the kernel.
 *
 * @see https://pkg.go.dev/io/fs#FileMode
 */
const goMode = {
  directory: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  fifo: 2 ** 25,
  setuid: 2 ** 23,
  setgid: 2 ** 22,
  character: 2 ** 21,
  sticky: 2 ** 20,
}

/** Every bit that tells of another type than that of a regular file. */
const typeBits = 0x8f280000

const has = (mode: number, bit: number): boolean => (mode & bit) !== 0

export function typeOfGoMode(mode: number): EntryType {
  if (!has(mode, typeBits)) return 'file'
  if (has(mode, goMode.directory)) return 'directory'
  if (has(mode, goMode.symlink)) return 'symlink'
  return has(mode, goMode.fifo) ? 'fifo' : 'other'
}

/** Returns the permission bits of the kernel. */
export function permissionsOfGoMode(mode: number): number {
  const special =
    (has(mode, goMode.setuid) ? 0o4000 : 0) +
    (has(mode, goMode.setgid) ? 0o2000 : 0) +
    (has(mode, goMode.sticky) ? 0o1000 : 0)
  return special + (mode & 0o777)
}

/** Types of files that the server sends. */
export type SentType = Exclude<EntryType, 'other'> | 'character' | 'block'

const bitsOfTypes: Readonly<Record<SentType, number>> = {
  file: 0,
  directory: goMode.directory,
  symlink: goMode.symlink,
  fifo: goMode.fifo,
  character: goMode.device + goMode.character,
  block: goMode.device,
}

export function formatGoMode(type: SentType, permissions: number): number {
  const special =
    (has(permissions, 0o4000) ? goMode.setuid : 0) +
    (has(permissions, 0o2000) ? goMode.setgid : 0) +
    (has(permissions, 0o1000) ? goMode.sticky : 0)
  return bitsOfTypes[type] + special + (permissions & 0o777)
}
