import { check, cString, symbols } from '../call/libc.ts'
import { changeMode, fileStatus, ignoring } from '../call/posix.ts'
import * as treeCalls from './root.ts'

const c = symbols({
  lchown: { args: ['ptr', 'u32', 'u32'], returns: 'i32' },
  utimensat: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
  llistxattr: { args: ['ptr', 'ptr', 'u64'], returns: 'i64' },
})

const [atCwd, symlinkNoFollow] = [-100, 0x100]
const omit = 0x3ffffffen // UTIME_OMIT: the access time stays as it is

/**
 * Copies owner, permissions, modification time, attributes and access lists of the directory `from`
 * to `to`. Does not copy attributes that control overlayfs.
 */
export function copyDirectoryStatus(from: string, to: string): void {
  const { mode, uid, gid, mtime } = fileStatus(from)
  check(c().lchown(cString(to), uid, gid), 'lchown', to)
  changeMode(to, mode & 0o7777)
  // Root directories rarely have attributes, and the start of a container must be fast.
  if (c().llistxattr(cString(from), null, 0) > 0) copyAttributes(from, to)
  const times = new BigInt64Array([0n, omit, mtime.seconds, BigInt(mtime.nanoseconds)])
  check(c().utimensat(atCwd, cString(to), times, symlinkNoFollow), 'utimensat', to)
}

function copyAttributes(from: string, to: string): void {
  const [source, target] = [treeCalls.openRoot(from), treeCalls.openRoot(to)]
  try {
    for (const name of treeCalls.listAttributes(source)) {
      const text = Buffer.from(name).toString('latin1')
      if (!/^(user\.(?!overlay\.)|system\.posix_acl_)/.test(text)) continue
      const value = treeCalls.readAttribute(source, name)
      if (value === undefined) continue
      ignoring(['EOPNOTSUPP'], () => treeCalls.setAttribute(target, name, value))
    }
  } finally {
    treeCalls.closeDescriptor(source)
    treeCalls.closeDescriptor(target)
  }
}
