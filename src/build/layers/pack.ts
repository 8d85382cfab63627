import type { Bytes } from '#stream'
import type { TarInput } from '#tar'
import type { FileNode } from '../files/node.ts'
import type { FileTree } from '../files/tree.ts'
import { refuseWhiteout } from '../files/whiteout-name.ts'
import type { ModeChange } from './mode.ts'
import type { LayoutEntry } from './placement.ts'

/** The owner of a file. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** The changes of files in a layer. */
export interface PackOptions {
  /** `--chown`. Without it, files of a stage keep their owners and context files belong to root. */
  readonly owner?: Owner | undefined
  /** `--chmod`. */
  readonly mode?: ModeChange | undefined
  /** The mode of directories that the copy makes. The default is 0755. */
  readonly madeMode?: number | undefined
  readonly times: FileTimes
}

/**
 * Returns the time of an entry in the layer, in whole seconds since 1970. New
 * directories and inline files have no time of their own.
 */
export type FileTimes = (mtime: number | undefined) => number

/** Every time is `epoch`. For context files, whose times are those of a checkout. */
export function fixedTimes(epoch: number): FileTimes {
  return () => epoch
}

/** Times later than `epoch` become `epoch`. Without an epoch all times are kept. */
export function clampedTimes(epoch: number | undefined, now: () => number = Date.now): FileTimes {
  return (mtime) => {
    if (mtime === undefined) return epoch ?? Math.floor(now() / 1000)
    return epoch === undefined ? mtime : Math.min(mtime, epoch)
  }
}

/** The trees with the files of entries. */
export interface EntryFiles {
  treeOf(node: FileNode): FileTree
  read(node: FileNode): Uint8Array | Bytes
}

/** Returns the entries of a layer. A file is opened when its entry is read. */
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

/** Returns the file with the contents of an entry, if there is one. */
export function fileOf({ content, hardlink }: LayoutEntry): FileNode | undefined {
  if (hardlink !== undefined || content === 'directory' || 'inline' in content) return undefined
  return content.type === 'file' ? content : undefined
}

/** Returns an entry with the size of its file and without the contents. */
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
