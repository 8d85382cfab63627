import { check, cString, symbols } from '../call/libc.ts'
import { closeFile, openFile, openFlag } from '../call/posix.ts'

const c = symbols({
  fsopen: { syscall: 430, args: ['ptr', 'u32'], returns: 'i64' },
  fsconfig: { syscall: 431, args: ['i32', 'u32', 'ptr', 'ptr', 'i32'], returns: 'i64' },
  fsmount: { syscall: 432, args: ['i32', 'u32', 'u32'], returns: 'i64' },
  write: { args: ['i32', 'ptr', 'u64'], returns: 'i64' },
})

const closeOnExec = 1
const create = 6

/**
 * A file in memory. It exists until it is disposed and its last descriptor and mount are closed.
 */
export interface MemoryFile extends Disposable {
  /** A path that is valid only in this process. */
  readonly path: string
}

/**
 * Creates a file in memory, on a ramfs that is mounted nowhere. EROFS can be mounted from such a
 * file without a block device, which is impossible with a file on tmpfs or a memfd. Needs root.
 */
export function createMemoryFile(content: Uint8Array): MemoryFile {
  const calls = c()
  const fs = check(calls.fsopen(cString('ramfs'), closeOnExec), 'fsopen', 'ramfs')
  let mount: number
  try {
    check(calls.fsconfig(fs, create, null, null, 0), 'fsconfig', 'ramfs')
    mount = check(calls.fsmount(fs, closeOnExec, 0), 'fsmount', 'ramfs')
  } finally {
    closeFile(fs)
  }
  let file: number
  try {
    const flags = openFlag.create | openFlag.exclusive | readWrite
    file = openFile(`/proc/self/fd/${mount}/content`, flags, 0o600)
  } finally {
    closeFile(mount)
  }
  try {
    for (let at = 0; at < content.length; ) {
      const rest = content.subarray(at)
      at += check(calls.write(file, rest, rest.length), 'write', 'ramfs')
    }
  } catch (error) {
    closeFile(file)
    throw error
  }
  return { path: `/proc/self/fd/${file}`, [Symbol.dispose]: () => closeFile(file) }
}

const readWrite = 2
