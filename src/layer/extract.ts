import { fileType, isSystemError, SystemError, treeCalls, typeOf, writeAllNow } from '#platform'
import {
  areTooLarge,
  encodeName,
  type FileEntry,
  mayTravel,
  printableName,
  travellingTime,
} from '#tar'

const E2BIG = 7

export interface ExtractOptions {
  readonly acls: boolean
  readonly warn: (message: string) => void
  /** Called before bytes are written; throws when there are too many. */
  readonly spend: (size: number) => void
}

/** The directory of the new name. */
interface Directory {
  readonly fd: number
}

/**
 * Creates a file with its contents and metadata; returns `false`, without reading, when the name
 * exists.
 */
export async function extractFile(
  entry: FileEntry,
  place: Directory,
  {
    name,
    write,
    ...options
  }: ExtractOptions & {
    readonly name: Uint8Array
    /** Writes the contents, instead of the entry's body, into the open file. */
    readonly write?: ((fd: number) => Promise<void>) | undefined
  },
): Promise<boolean> {
  const fd = treeCalls.createFile(place.fd, name)
  if (fd === undefined) return false
  try {
    if (write !== undefined) await write(fd)
    else if (entry.extents !== undefined) await writeSparse(fd, entry, options)
    else if (entry.size > 0) await writeContents(fd, entry, options)
    // Metadata comes after the contents, because a write clears setuid and capabilities. The owner
    // comes first, because a change of the owner clears them too.
    setMetadata(fd, entry, options)
    const { seconds, nanoseconds } = travellingTime(entry, options.warn)
    treeCalls.setTime(fd, seconds, nanoseconds)
  } finally {
    treeCalls.closeDescriptor(fd)
  }
  return true
}

async function writeContents(fd: number, entry: FileEntry, options: ExtractOptions): Promise<void> {
  for await (const chunk of entry.body) {
    options.spend(chunk.length)
    writeAllNow(fd, chunk)
  }
}

/** Writes only the extents, so that the holes stay holes. */
async function writeSparse(fd: number, entry: FileEntry, options: ExtractOptions): Promise<void> {
  let position = 0
  let index = 0
  const extents = entry.extents ?? []
  for await (const chunk of entry.body) {
    while ((extents[index]?.size ?? 1) === 0) index++
    const extent = extents[index]
    if (extent !== undefined && position >= extent.offset) {
      options.spend(chunk.length)
      writeAllNow(fd, chunk, position)
      if (position + chunk.length === extent.offset + extent.size) index++
    }
    position += chunk.length
  }
  treeCalls.setSize(fd, entry.size)
}

/** Sets owner, mode and attributes of an open file or directory. */
export function setMetadata(fd: number, entry: FileEntry, options: ExtractOptions): void {
  treeCalls.setOwner(fd, entry.uid, entry.gid)
  treeCalls.setMode(fd, entry.mode)
  setAttributes(fd, entry, options)
}

function setAttributes(fd: number, entry: FileEntry, options: ExtractOptions): void {
  if (entry.xattrs.size === 0) return
  const xattrs = new Map([...entry.xattrs].filter(([name]) => mayTravel(name, options.acls)))
  if (areTooLarge(xattrs)) throw new SystemError(E2BIG, 'fsetxattr')
  for (const [name, value] of xattrs) {
    try {
      treeCalls.setAttribute(fd, encodeName(name), value)
    } catch (error) {
      if (!isSystemError(error, 'EOPNOTSUPP', 'EPERM')) throw error
      options.warn(`${printableName(entry.path)} loses its attribute ${printableName(name)} here`)
    }
  }
}

/**
 * Gives a file the metadata of the entry of its new name. Sets only what differs, because setting
 * the owner removes a capability. Attributes that the entry does not have stay. Only the owner of a
 * symbolic link changes.
 */
export function setLinkMetadata(
  entry: FileEntry,
  place: Directory,
  { name, ...options }: ExtractOptions & { readonly name: Uint8Array },
): void {
  const found = treeCalls.entryStatus(place.fd, name)
  if (found === undefined) return
  if (found.uid !== entry.uid || found.gid !== entry.gid)
    treeCalls.setOwnerAt(place.fd, name, entry)
  const type = typeOf(found.mode)
  if (type === fileType.symlink) return
  const fd = type === fileType.regular ? treeCalls.openFileAt(place.fd, name) : undefined
  if (fd === undefined) setPlaceModeAt(place.fd, name, entry.mode)
  else {
    try {
      treeCalls.setMode(fd, entry.mode)
      setAttributes(fd, entry, options)
    } finally {
      treeCalls.closeDescriptor(fd)
    }
  }
  treeCalls.setTimeAt(place.fd, name, travellingTime(entry, options.warn))
}

/**
 * For files that must not be opened: opening a device calls its driver, opening a fifo waits for a
 * writer.
 */
function setPlaceModeAt(dir: number, name: Uint8Array, mode: number): void {
  const fd = treeCalls.openPlace(dir, name)
  if (fd === undefined) return
  try {
    treeCalls.setPlaceMode(fd, mode)
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

/** Creates a symbolic link; returns `false` when the name exists. */
export function extractSymlink(
  entry: FileEntry,
  place: Directory,
  { name, ...options }: ExtractOptions & { readonly name: Uint8Array },
): boolean {
  if (!treeCalls.makeSymlink(place.fd, name, encodeName(entry.linkpath))) return false
  treeCalls.setOwnerAt(place.fd, name, entry)
  treeCalls.setTimeAt(place.fd, name, travellingTime(entry, options.warn))
  return true
}

/**
 * Creates a device or fifo, or warns where that is not permitted; returns `false` when the name
 * exists.
 */
export function extractSpecial(
  entry: FileEntry,
  place: Directory,
  { name, ...options }: ExtractOptions & { readonly name: Uint8Array },
): boolean {
  const type = entry.type === 'block' || entry.type === 'character' ? entry.type : 'fifo'
  try {
    const device = { type, major: entry.deviceMajor, minor: entry.deviceMinor } as const
    if (!treeCalls.makeSpecial(place.fd, name, device)) return false
  } catch (error) {
    if (!isSystemError(error, 'EPERM')) throw error
    options.warn(`The ${type} ${printableName(entry.path)} is left out: making it is not permitted`)
    return true
  }
  treeCalls.setOwnerAt(place.fd, name, entry)
  setPlaceModeAt(place.fd, name, entry.mode)
  treeCalls.setTimeAt(place.fd, name, travellingTime(entry, options.warn))
  return true
}
