import { writeSync } from 'node:fs'
import { at, isSystemError } from '#platform'
import { encodeName, mayTravel, printableName, type TarEntry, travellingTime } from '#tar'
import type { Place } from './place.ts'

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
    writeAll(fd, chunk)
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
      writeAll(fd, chunk, position)
      if (position + chunk.length === extent.offset + extent.size) index++
    }
    position += chunk.length
  }
  at.setSize(fd, entry.size)
}

/** A write may take less than it was given without saying so (RELIABILITY M10). */
function writeAll(fd: number, chunk: Uint8Array, position?: number): void {
  let written = 0
  while (written < chunk.length) {
    const where = position === undefined ? null : position + written
    written += writeSync(fd, chunk, written, chunk.length - written, where)
  }
}

/** Owner, mode and attributes of an open file or directory. */
export function setMetadata(fd: number, entry: TarEntry, options: ExtractOptions): void {
  at.setOwner(fd, entry.uid, entry.gid)
  at.setMode(fd, entry.mode)
  for (const [name, value] of entry.xattrs) {
    if (!mayTravel(name, options.acls)) continue
    try {
      at.setAttribute(fd, encodeName(name), value)
    } catch (error) {
      if (!isSystemError(error, 'EOPNOTSUPP', 'EPERM')) throw error
      options.warn(`${printableName(entry.path)} loses its attribute ${printableName(name)} here`)
    }
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
  // Opening a device would wake its driver; a place is opened without effect.
  const fd = at.openPlace(place.fd, name)
  if (fd === undefined) return true
  try {
    at.setOwnerAt(place.fd, name, entry)
    at.setPlaceMode(fd, entry.mode)
    at.setTimeAt(place.fd, name, travellingTime(entry, options.warn))
  } finally {
    at.closeDescriptor(fd)
  }
  return true
}
