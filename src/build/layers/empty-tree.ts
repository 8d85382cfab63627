import type { FileNode } from '../files/node.ts'
import type { LookupTree } from '../files/tree.ts'

const top: FileNode = {
  name: '',
  path: '',
  type: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  mtimeNanoseconds: 0,
  ctime: 0,
  ctimeNanoseconds: 0,
  inodeLow: 0,
  inodeHigh: 0,
  links: 1,
  device: 0,
  mount: 0,
  deviceMajor: 0,
  deviceMinor: 0,
}

/** The file system of `FROM scratch`. */
export const emptyTree: LookupTree & Disposable = {
  top,
  child: () => undefined,
  readLink: () => '',
  [Symbol.dispose]() {},
}
