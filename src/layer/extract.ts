import { at, fileType, isSystemError, SystemError, typeOf, writeAllNow } from '#platform'
import {
  areTooLarge,
  encodeName,
  mayTravel,
  printableName,
  type TarEntry,
  travellingTime,
} from '#tar'
import type { Place } from './place.ts'

const E2BIG = 7

export interface ExtractOptions {
  readonly acls: boolean
  readonly warn: (message: string) => void
  /** Called before bytes are written; throws when there are too many. */
  readonly spend: (size: number) => void
}

/** Creates a file with its contents and metadata; `false`, and nothing read, when the name is taken. */
export async function extractFile(
  entry: TarEntry,
  place: Place,
  { name, ...options }: ExtractOptions & { readonly name: Uint8Array },
): Promise<boolean> {
  const fd = at.createFile(place.fd, name)
  if (fd === undefined) return false
  try {
    if (entry.extents !== undefined) await writeSparse(fd, entry, options)
    else if (entry.size > 0) await writeContents(fd, entry, options)
    // After the contents: writing takes setuid and capabilities away. The owner
    // first: changing it does the same.
    setMetadata(fd, entry, options)
    const { seconds, nanoseconds } = travellingTime(entry, options.warn)
    at.setTime(fd, seconds, nanoseconds)
  } finally {
    at.closeDescriptor(fd)
  }
  return true
}

async function writeContents(fd: number, entry: TarEntry, options: ExtractOptions): Promise<void> {
  for await (const chunk of entry.body) {
    options.spend(chunk.length)
    writeAllNow(fd, chunk)
  }
}

/** Writes only what lies in an extent, so that the holes stay holes. */
async function writeSparse(fd: number, entry: TarEntry, options: ExtractOptions): Promise<void> {
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
  at.setSize(fd, entry.size)
}

/** Owner, mode and attributes of an open file or directory. */
export function setMetadata(fd: number, entry: TarEntry, options: ExtractOptions): void {
  at.setOwner(fd, entry.uid, entry.gid)
  at.setMode(fd, entry.mode)
  setAttributes(fd, entry, options)
}

function setAttributes(fd: number, entry: TarEntry, options: ExtractOptions): void {
  if (entry.xattrs.size === 0) return
  const xattrs = new Map([...entry.xattrs].filter(([name]) => mayTravel(name, options.acls)))
  if (areTooLarge(xattrs)) throw new SystemError(E2BIG, 'fsetxattr')
  for (const [name, value] of xattrs) {
    try {
      at.setAttribute(fd, encodeName(name), value)
    } catch (error) {
      if (!isSystemError(error, 'EOPNOTSUPP', 'EPERM')) throw error
      options.warn(`${printableName(entry.path)} loses its attribute ${printableName(name)} here`)
    }
  }
}

/**
 * Gives a file the metadata of an entry that is another name of it, as far as that
 * differs: to set an owner anew would take a capability away. Attributes that the
 * entry does not name stay, and of a symbolic link only the owner changes.
 */
export function setLinkMetadata(
  entry: TarEntry,
  place: Place,
  { name, ...options }: ExtractOptions & { readonly name: Uint8Array },
): void {
  const found = at.entryStatus(place.fd, name)
  if (found === undefined) return
  if (found.uid !== entry.uid || found.gid !== entry.gid) at.setOwnerAt(place.fd, name, entry)
  const type = typeOf(found.mode)
  if (type === fileType.symlink) return
  const fd = type === fileType.regular ? at.openFileAt(place.fd, name) : undefined
  if (fd === undefined) setPlaceModeAt(place.fd, name, entry.mode)
  else {
    try {
      at.setMode(fd, entry.mode)
      setAttributes(fd, entry, options)
    } finally {
      at.closeDescriptor(fd)
    }
  }
  at.setTimeAt(place.fd, name, travellingTime(entry, options.warn))
}

/** For what must not be opened: a device would wake its driver, a fifo wait for its writer. */
function setPlaceModeAt(dir: number, name: Uint8Array, mode: number): void {
  const fd = at.openPlace(dir, name)
  if (fd === undefined) return
  try {
    at.setPlaceMode(fd, mode)
  } finally {
    at.closeDescriptor(fd)
  }
}

/** Creates a symbolic link; `false` when the name is taken. */
export function extractSymlink(
  entry: TarEntry,
  place: Place,
  { name, ...options }: ExtractOptions & { readonly name: Uint8Array },
): boolean {
  if (!at.makeSymlink(place.fd, name, encodeName(entry.linkpath))) return false
  at.setOwnerAt(place.fd, name, entry)
  at.setTimeAt(place.fd, name, travellingTime(entry, options.warn))
  return true
}

/** Creates a device or fifo, or warns where that is not permitted; `false` when the name is taken. */
export function extractSpecial(
  entry: TarEntry,
  place: Place,
  { name, ...options }: ExtractOptions & { readonly name: Uint8Array },
): boolean {
  const type = entry.type === 'block' || entry.type === 'character' ? entry.type : 'fifo'
  try {
    const device = { type, major: entry.deviceMajor, minor: entry.deviceMinor } as const
    if (!at.makeSpecial(place.fd, name, device)) return false
  } catch (error) {
    if (!isSystemError(error, 'EPERM')) throw error
    options.warn(`The ${type} ${printableName(entry.path)} is left out: making it is not permitted`)
    return true
  }
  at.setOwnerAt(place.fd, name, entry)
  setPlaceModeAt(place.fd, name, entry.mode)
  at.setTimeAt(place.fd, name, travellingTime(entry, options.warn))
  return true
}
