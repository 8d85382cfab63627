import { mayTravel, type PlacedEntry, type TarEntryType, travellingTime } from '#tar'
import { fileType } from './format.ts'
import { byteLength, fault, LayerFault, longestPath } from './resolve.ts'
import { type Directory, Inode } from './tree.ts'
import { checkXattr, checkXattrs } from './xattr.ts'

export interface MetadataOptions {
  readonly acls: boolean
  readonly warn: (message: string) => void
}

/** Makes the inode of an entry that is neither a directory nor a hard link. Throws `LayerFault`. */
export function inodeOf(entry: PlacedEntry, options: MetadataOptions): Inode {
  const { seconds: mtime, nanoseconds } = travellingTime(entry, options.warn)
  const { uid, gid } = entry
  const mode = typeBits[entry.type] | entry.mode
  const inode = new Inode({ mode, uid, gid, mtime, mtimeNanoseconds: nanoseconds })
  switch (entry.type) {
    case 'file':
      inode.size = entry.size
      setXattrs(entry, inode, options)
      break
    case 'symlink':
      inode.target = entry.linkpath
      inode.size = byteLength(entry.linkpath)
      if (inode.size > longestPath) throw new LayerFault(fault.nameTooLong)
      inode.mode = fileType.symlink | 0o777
      break
    default:
      inode.rdev = deviceNumber(entry)
  }
  return inode
}

/** Gives a directory the metadata of its entry. Throws `LayerFault`. */
export function describeDirectory(
  entry: PlacedEntry,
  directory: Directory,
  options: MetadataOptions,
): void {
  directory.mode = fileType.directory | entry.mode
  directory.uid = entry.uid
  directory.gid = entry.gid
  const { seconds, nanoseconds } = travellingTime(entry, options.warn)
  directory.mtime = seconds
  directory.mtimeNanoseconds = nanoseconds
  setXattrs(entry, directory, options)
}

/** Gives a file the metadata of the hard link `entry`. Throws `LayerFault`. */
export function describeLink(entry: PlacedEntry, target: Inode, options: MetadataOptions): void {
  const { mode, uid, gid, xattrs = noXattrs } = target
  const type = mode & fileType.mask
  // The kernel removes the capability of a file when its owner changes.
  const kept = uid === entry.uid && gid === entry.gid ? xattrs : withoutCapability(xattrs)
  target.uid = entry.uid
  target.gid = entry.gid
  if (type === fileType.symlink) return
  const { seconds, nanoseconds } = travellingTime(entry, options.warn)
  target.mode = type | entry.mode
  target.mtime = seconds
  target.mtimeNanoseconds = nanoseconds
  const own = type === fileType.file ? portableXattrs(entry, options) : noXattrs
  const merged = new Map([...kept, ...own])
  checkXattrs(merged)
  target.xattrs = merged.size === 0 ? undefined : merged
}

function setXattrs(entry: PlacedEntry, inode: Inode, options: MetadataOptions): void {
  const xattrs = portableXattrs(entry, options)
  checkXattrs(xattrs)
  inode.xattrs = xattrs.size === 0 ? undefined : xattrs
}

function portableXattrs(
  entry: PlacedEntry,
  { acls }: MetadataOptions,
): ReadonlyMap<string, Uint8Array> {
  if (entry.xattrs.size === 0) return noXattrs
  const xattrs = new Map<string, Uint8Array>()
  for (const [name, value] of entry.xattrs) {
    if (!mayTravel(name, acls)) continue
    checkXattr(name, value)
    xattrs.set(name, value)
  }
  return xattrs
}

const noXattrs: ReadonlyMap<string, Uint8Array> = new Map()

function withoutCapability(
  xattrs: ReadonlyMap<string, Uint8Array>,
): ReadonlyMap<string, Uint8Array> {
  return new Map([...xattrs].filter(([name]) => name !== 'security.capability'))
}

const typeBits: Readonly<Record<TarEntryType, number>> = {
  file: fileType.file,
  hardlink: fileType.file,
  symlink: fileType.symlink,
  character: fileType.character,
  block: fileType.block,
  directory: fileType.directory,
  fifo: fileType.fifo,
}

/** The kernel's 32-bit encoding of a device number: 12 bits of major, 20 of minor. */
function deviceNumber({ type, deviceMajor, deviceMinor }: PlacedEntry): number {
  if (type === 'fifo') return 0
  if (deviceMajor > 0xfff || deviceMinor > 0xfffff) throw new LayerFault(fault.invalid)
  return ((deviceMinor & 0xff) | (deviceMajor << 8) | ((deviceMinor & 0xfff00) << 12)) >>> 0
}
