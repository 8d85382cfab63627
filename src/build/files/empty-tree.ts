import type { LookupTree } from './layout.ts'
import type { FileNode } from './node.ts'

const top: FileNode = {
  name: '',
  path: '',
  type: 'directory',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeNs: 0n,
  ctimeNs: 0n,
  inode: 0n,
  device: 0n,
  deviceNumber: 0n,
}

/** The filesystem of `FROM scratch`. */
export const emptyTree: LookupTree & Disposable = {
  top,
  child: () => undefined,
  readLink: () => '',
  [Symbol.dispose]() {},
}
