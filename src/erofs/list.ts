import type { Bytes } from '#stream'
import { compareNames, type TarEntryType, type TarHeader } from '#tar'
import { blockSize, fileType } from './format.ts'
import { Directory, type Inode, type Tree } from './tree.ts'

/** One name in a tree. */
export interface IndexEntry extends Omit<TarHeader, 'type'> {
  /** Clean path, `''` for the root; see `cleanPath`. */
  readonly path: string
  readonly type: Exclude<TarEntryType, 'hardlink'>
  /** Bytes of a file's contents or of a link's target, 0 for others. */
  readonly size: number
  /** Where a file's contents lie, in one piece: the device and the position of the first byte. */
  readonly contents?: { readonly device: string; readonly offset: number }
  /** The same object for all names of one file. */
  readonly identity: object
}

/** Yields every name of a tree, depth first, in byte order; the root comes first. */
export function* listTree(tree: Tree): Generator<IndexEntry, void, undefined> {
  const stack: { readonly path: string; readonly inode: Inode }[] = [{ path: '', inode: tree.root }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { path, inode } = next
    yield describe(tree, path, inode)
    if (!(inode instanceof Directory)) continue
    const names = [...inode.children.keys()].sort((left, right) => compareNames(right, left))
    for (const name of names) {
      const child = inode.children.get(name)
      if (child !== undefined)
        stack.push({ path: path === '' ? name : `${path}/${name}`, inode: child })
    }
  }
}

const typeNames: Readonly<Record<number, IndexEntry['type']>> = {
  [fileType.directory]: 'directory',
  [fileType.symlink]: 'symlink',
  [fileType.character]: 'character',
  [fileType.block]: 'block',
  [fileType.fifo]: 'fifo',
}

function describe(tree: Tree, path: string, inode: Inode): IndexEntry {
  const device = tree.devices[inode.device]
  return {
    path,
    type: typeNames[inode.mode & fileType.mask] ?? 'file',
    mode: inode.mode & 0o7777,
    uid: inode.uid,
    gid: inode.gid,
    size: inode.size,
    mtime: inode.mtime,
    mtimeNanoseconds: inode.mtimeNanoseconds,
    linkpath: inode.target,
    deviceMajor: (inode.rdev >>> 8) & 0xfff,
    deviceMinor: (inode.rdev & 0xff) | ((inode.rdev >>> 12) & 0xfff00),
    xattrs: inode.xattrs ?? none,
    ...(device && { contents: { device: device.tag, offset: inode.block * blockSize } }),
    identity: inode,
  }
}

const none: ReadonlyMap<string, Uint8Array> = new Map()
const chunkSize = 1_048_576

/** Returns up to `size` bytes of a device from `offset`. */
export type ReadDevice = (
  device: string,
  offset: number,
  size: number,
) => Uint8Array | Promise<Uint8Array>

/** The contents of a listed file. */
export async function* readContents(entry: IndexEntry, read: ReadDevice): Bytes {
  const { contents, size } = entry
  if (contents === undefined) return
  for (let at = 0; at < size; ) {
    const wanted = Math.min(chunkSize, size - at)
    const chunk = await read(contents.device, contents.offset + at, wanted)
    if (chunk.length === 0) throw new RangeError(`${contents.device} ends inside ${entry.path}`)
    yield chunk
    at += chunk.length
  }
}
