import type { Bytes } from '#stream'
import type { TarInput } from '#tar'
import type { FileNode } from '../files/node.ts'
import type { FileTree } from '../files/tree.ts'
import { refuseWhiteout } from '../files/whiteout-name.ts'
import type { ModeChange } from './mode.ts'
import type { LayoutEntry } from './placement.ts'

/** Whom a file belongs to. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** What happens to files on their way into a layer. */
export interface PackOptions {
  /** `--chown`; files keep their owners, or become root's, without it. */
  readonly owner?: Owner | undefined
  /** `--chmod`. */
  readonly mode?: ModeChange | undefined
  /** Of directories that the copy makes on the way; 0755 unless given. */
  readonly madeMode?: number | undefined
  readonly times: FileTimes
}

/**
 * Gives a file its time in the layer, in whole seconds since 1970; directories
 * made on the way and inline files have none to start from.
 */
export type FileTimes = (mtime: number | undefined) => number

/** Every time is `epoch`: where a file's own says only when it was checked out. */
export function fixedTimes(epoch: number): FileTimes {
  return () => epoch
}

/** Times later than `epoch` become `epoch`; without one, all are kept. */
export function clampedTimes(epoch: number | undefined, now: () => number = Date.now): FileTimes {
  return (mtime) => {
    if (mtime === undefined) return epoch ?? Math.floor(now() / 1000)
    return epoch === undefined ? mtime : Math.min(mtime, epoch)
  }
}

/** Where the files of entries are. */
export interface EntryFiles {
  treeOf(node: FileNode): FileTree
  read(node: FileNode): Uint8Array | Bytes
}

/** The entries of a layer; files are opened as their entries are asked for. */
export function* packEntries(
  files: EntryFiles,
  entries: readonly LayoutEntry[],
  options: PackOptions,
): Generator<TarInput> {
  for (const entry of entries) {
    const input = describeEntry((node) => files.treeOf(node), entry, options)
    const node = fileOf(entry)
    yield node === undefined ? input : { ...input, body: files.read(node) }
  }
}

/** The file that an entry takes its contents from, if it does. */
export function fileOf({ content, hardlink }: LayoutEntry): FileNode | undefined {
  if (hardlink !== undefined || content === 'directory' || 'inline' in content) return undefined
  return content.type === 'file' ? content : undefined
}

/** An entry without the contents of its file, but with their size. */
export function describeEntry(
  treeOf: (node: FileNode) => FileTree,
  { path, content, hardlink }: LayoutEntry,
  options: PackOptions,
): TarInput {
  const owner = options.owner ?? { uid: 0, gid: 0 }
  const modeOf = (mode: number, isDirectory: boolean): number =>
    options.mode?.(mode, isDirectory) ?? mode
  refuseWhiteout(path)
  if (content === 'directory') {
    const mode = options.madeMode ?? 0o755
    return { path, type: 'directory', mode, ...owner, mtime: options.times(undefined) }
  }
  if ('inline' in content) {
    const body = new TextEncoder().encode(content.inline)
    const mtime = options.times(undefined)
    const mode = modeOf(0o644, false)
    return { path, type: 'file', mode, ...owner, mtime, size: body.length, body }
  }
  const tree = treeOf(content)
  const kept = tree.hasOwners ? { uid: content.uid, gid: content.gid } : owner
  const isLink = content.type === 'symlink'
  return {
    path,
    ...(hardlink === undefined ? contentOf(tree, content) : linkTo(hardlink)),
    mode: isLink ? 0o777 : modeOf(content.mode, content.type === 'directory'),
    ...(options.owner ?? kept),
    mtime: options.times(content.mtime),
  }
}

function linkTo(linkpath: string): Omit<TarInput, 'path'> {
  return { type: 'hardlink', linkpath }
}

function contentOf(tree: FileTree, node: FileNode): Omit<TarInput, 'path'> {
  switch (node.type) {
    case 'file':
      return { type: 'file', size: node.size, xattrs: tree.attributes(node) }
    case 'symlink':
      return { type: 'symlink', linkpath: tree.readLink(node) }
    case 'character':
    case 'block':
      return { type: node.type, deviceMajor: node.deviceMajor, deviceMinor: node.deviceMinor }
    case 'directory':
    case 'fifo':
      return { type: node.type }
    case 'socket':
      throw new TypeError('A socket cannot be packed')
  }
}
