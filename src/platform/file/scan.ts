import { errno, SystemError, symbols } from '../call/libc.ts'
import { terminated } from './root-entries.ts'

const arm = process.arch === 'arm64'

const c = symbols({
  getdents64: { args: ['i32', 'ptr', 'u64'], returns: 'i64', syscall: arm ? 61 : 217 },
  statx: { args: ['i32', 'ptr', 'i32', 'u32', 'ptr'], returns: 'i32' },
})

/**
 * The status of a name as from `lstat`, with times as exact as the file system stores them. There
 * is only one such object; the next file overwrites it.
 */
export interface ScannedStatus {
  /** Type (`S_IFMT`) and permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes. */
  readonly size: number
  /** Whole seconds since 1970, rounded down, and nanoseconds to be added. */
  readonly mtime: number
  readonly mtimeNanoseconds: number
  readonly ctime: number
  readonly ctimeNanoseconds: number
  /** The inode number in two halves, because it has more bits than a number. */
  readonly inodeLow: number
  readonly inodeHigh: number
  /** Number of names of the file. */
  readonly links: number
  /** Device number of the file system. */
  readonly device: number
  /**
   * The ID of the mount, unique until the machine restarts. 0 before Linux 6.8, where
   * the kernel does not report it.
   */
  readonly mount: number
  /** For device nodes: major and minor number. */
  readonly deviceMajor: number
  readonly deviceMinor: number
}

const names = Buffer.allocUnsafeSlow(65_536)
const status = new Uint32Array(new ArrayBuffer(4096))
const [symlinkNoFollow, emptyPath] = [0x100, 0x1000]
const uniqueMount = 0x4000
const wanted = 0x7ff | uniqueMount
const [atCwd, ENOENT, ENOTDIR] = [-100, 2, 20]
const noName = new Uint8Array(1)
const scanned = {
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  mtimeNanoseconds: 0,
  ctime: 0,
  ctimeNanoseconds: 0,
  inodeLow: 0,
  inodeHigh: 0,
  links: 0,
  device: 0,
  mount: 0,
  deviceMajor: 0,
  deviceMinor: 0,
}

/**
 * Calls `visit` for every entry of a newly opened directory, in no order, with its status. One
 * system call per entry, relative to the directory, takes half the time of `readdir` and `lstat`. A
 * name that is not ASCII is passed as bytes.
 */
export function scanDirectory(
  fd: number,
  visit: (name: string | Uint8Array, status: ScannedStatus) => void,
): void {
  for (;;) {
    const filled = Number(c().getdents64(fd, names, names.length))
    if (filled === -1) throw new SystemError(errno(), 'getdents64')
    if (filled === 0) return
    for (let at = 0; at < filled; at += (names[at + 16] ?? 0) | ((names[at + 17] ?? 0) << 8)) {
      const start = at + 19
      let end = start
      let bits = 0
      for (let byte = names[end] ?? 0; byte !== 0; byte = names[++end] ?? 0) bits |= byte
      if (isDots(start, end)) continue
      const found = statusOf(fd, names.subarray(start, end + 1))
      // The entry was removed since the directory was listed.
      if (found === undefined) continue
      const isAscii = bits < 0x80
      visit(
        isAscii
          ? names.toString('latin1', start, end)
          : Uint8Array.from(names.subarray(start, end)),
        found,
      )
    }
  }
}

function isDots(start: number, end: number): boolean {
  if (names[start] !== 0x2e) return false
  return end === start + 1 || (end === start + 2 && names[start + 1] === 0x2e)
}

/** Returns the status of a trusted path. A link at its end is not followed. `undefined` for an absent path. */
export function scanPath(path: string | Uint8Array): ScannedStatus | undefined {
  return statusOf(atCwd, terminated(typeof path === 'string' ? Buffer.from(path) : path))
}

/** Returns the status of an open file. */
export function scanDescriptor(fd: number): ScannedStatus {
  const found = statusOf(fd, noName)
  if (found === undefined) throw new SystemError(ENOENT, 'statx')
  return found
}

function statusOf(directory: number, name: Uint8Array): ScannedStatus | undefined {
  if (c().statx(directory, name, symlinkNoFollow | emptyPath, wanted, status) === -1) {
    const number = errno()
    if (number === ENOENT || number === ENOTDIR) return undefined
    throw new SystemError(number, 'statx')
  }
  scanned.mode = (status[7] ?? 0) & 0xffff
  scanned.uid = status[5] ?? 0
  scanned.gid = status[6] ?? 0
  scanned.size = (status[10] ?? 0) + (status[11] ?? 0) * 2 ** 32
  scanned.mtime = (status[28] ?? 0) + ((status[29] ?? 0) | 0) * 2 ** 32
  scanned.mtimeNanoseconds = status[30] ?? 0
  scanned.ctime = (status[24] ?? 0) + ((status[25] ?? 0) | 0) * 2 ** 32
  scanned.ctimeNanoseconds = status[26] ?? 0
  scanned.inodeLow = status[8] ?? 0
  scanned.inodeHigh = status[9] ?? 0
  scanned.links = status[4] ?? 0
  scanned.device = (status[34] ?? 0) * 2 ** 32 + (status[35] ?? 0)
  const knowsMount = ((status[0] ?? 0) & uniqueMount) !== 0
  scanned.mount = knowsMount ? (status[36] ?? 0) + (status[37] ?? 0) * 2 ** 32 : 0
  scanned.deviceMajor = status[32] ?? 0
  scanned.deviceMinor = status[33] ?? 0
  return scanned
}
