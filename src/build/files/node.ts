import { lstatSync } from 'node:fs'

/** A file, directory or link of a tree, as lstat saw it. */
export interface FileNode {
  readonly name: string
  /** Relative to the root, without a leading slash; `''` is the root itself. */
  readonly path: string
  readonly type: 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'character' | 'block'
  /** 0-0o7777. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes. */
  readonly size: number
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly inode: bigint
  readonly device: bigint
  /** Of device nodes. */
  readonly deviceNumber: bigint
}

/** What lstat says of a name in a directory; `undefined` when there is none. */
export function lookUp(root: string, directory: string, name: string): FileNode | undefined {
  const path = directory === '' ? name : `${directory}/${name}`
  const status = lstatSync(path === '' ? root : `${root}/${path}`, {
    bigint: true,
    throwIfNoEntry: false,
  })
  if (status === undefined) return undefined
  const mode = Number(status.mode)
  return {
    name,
    path,
    type: typeOf(mode),
    mode: mode & 0o7777,
    uid: Number(status.uid),
    gid: Number(status.gid),
    size: Number(status.size),
    mtimeNs: status.mtimeNs,
    ctimeNs: status.ctimeNs,
    inode: status.ino,
    device: status.dev,
    deviceNumber: status.rdev,
  }
}

function typeOf(mode: number): FileNode['type'] {
  switch (mode & 0o170000) {
    case 0o040000:
      return 'directory'
    case 0o120000:
      return 'symlink'
    case 0o010000:
      return 'fifo'
    case 0o140000:
      return 'socket'
    case 0o020000:
      return 'character'
    case 0o060000:
      return 'block'
    default:
      return 'file'
  }
}
