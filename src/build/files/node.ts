import { fileType, treeCalls, typeOf } from '#platform'
import { encodeName } from '#tar'

/** A file, directory or link of a tree, with its status from lstat. */
export interface FileNode extends Omit<treeCalls.ScannedStatus, 'mode'> {
  readonly name: string
  /** Relative to the root, without a leading slash. The root itself is `''`. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character' | 'block'
  /** 0-0o7777. */
  readonly mode: number
}

/** Returns the status of a name in a directory, or `undefined` when it is absent. */
export function lookUp(root: string, directory: string, name: string): FileNode | undefined {
  const path = directory === '' ? name : `${directory}/${name}`
  const status = treeCalls.scanPath(encodeName(path === '' ? root : `${root}/${path}`))
  return status === undefined ? undefined : nodeOf(name, path, status)
}

export function nodeOf(name: string, path: string, status: treeCalls.ScannedStatus): FileNode {
  return {
    name,
    path,
    type: kindOf(status.mode),
    mode: status.mode & 0o7777,
    uid: status.uid,
    gid: status.gid,
    size: status.size,
    mtime: status.mtime,
    mtimeNanoseconds: status.mtimeNanoseconds,
    ctime: status.ctime,
    ctimeNanoseconds: status.ctimeNanoseconds,
    inodeLow: status.inodeLow,
    inodeHigh: status.inodeHigh,
    links: status.links,
    device: status.device,
    mount: status.mount,
    deviceMajor: status.deviceMajor,
    deviceMinor: status.deviceMinor,
  }
}

/** True when a file has not changed between two calls of lstat. */
export function isUnchanged(node: FileNode, seen: treeCalls.ScannedStatus): boolean {
  return (
    seen.inodeLow === node.inodeLow &&
    seen.inodeHigh === node.inodeHigh &&
    seen.device === node.device &&
    // ctime too, because the copied bytes must be the bytes of the cache key.
    seen.ctime === node.ctime &&
    seen.ctimeNanoseconds === node.ctimeNanoseconds &&
    seen.size === node.size
  )
}

function kindOf(mode: number): FileNode['type'] {
  switch (typeOf(mode)) {
    case fileType.directory:
      return 'directory'
    case fileType.symlink:
      return 'symlink'
    case fileType.fifo:
      return 'fifo'
    case fileType.socket:
      return 'socket'
    case fileType.character:
      return 'character'
    case fileType.block:
      return 'block'
    default:
      return 'file'
  }
}
