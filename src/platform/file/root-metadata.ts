import { errno, SystemError, symbols } from '../call/libc.ts'
import { terminated } from './root-entries.ts'

/** Owner, mode, times and attributes of open files, and of names in open directories. */
const c = symbols({
  statx: { args: ['i32', 'ptr', 'i32', 'u32', 'ptr'], returns: 'i32' },
  fchown: { args: ['i32', 'u32', 'u32'], returns: 'i32' },
  fchownat: { args: ['i32', 'ptr', 'u32', 'u32', 'i32'], returns: 'i32' },
  fchmod: { args: ['i32', 'u32'], returns: 'i32' },
  chmod: { args: ['ptr', 'u32'], returns: 'i32' },
  futimens: { args: ['i32', 'ptr'], returns: 'i32' },
  utimensat: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
  ftruncate: { args: ['i32', 'i64'], returns: 'i32' },
  fsetxattr: { args: ['i32', 'ptr', 'ptr', 'u64', 'i32'], returns: 'i32' },
  fremovexattr: { args: ['i32', 'ptr'], returns: 'i32' },
  fgetxattr: { args: ['i32', 'ptr', 'ptr', 'u64'], returns: 'i64' },
  flistxattr: { args: ['i32', 'ptr', 'u64'], returns: 'i64' },
})

const [symlinkNoFollow, emptyPath, basicStats] = [0x100, 0x1000, 0x7ff]
const mountRoot = 0x2000
const [ENOENT, ERANGE, ENODATA, ENOTSUP] = [2, 34, 61, 95]

function done(result: number | bigint, syscall: string): number {
  if (Number(result) === -1) throw new SystemError(errno(), syscall)
  return Number(result)
}

/** The result of `statx(2)` for a file. A link is not followed. */
export interface EntryStatus {
  /** Type (`S_IFMT`) and permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes. */
  readonly size: number
  readonly links: number
  /** Whole seconds, rounded down, and nanoseconds to be added. */
  readonly mtime: number
  readonly mtimeNanoseconds: number
  /** Device and inode number: the same for two names of one file. */
  readonly identity: string
  readonly deviceMajor: number
  readonly deviceMinor: number
  /** It is the root of a mount. */
  readonly isMountRoot: boolean
}

const status = new Uint32Array(64)
const noName = new Uint8Array(0)

/** Returns the status of a name in a directory, or of the descriptor itself; `undefined` for an absent name. */
export function entryStatus(dir: number, name: Uint8Array = noName): EntryStatus | undefined {
  const flags = symlinkNoFollow | emptyPath
  if (c().statx(dir, terminated(name), flags, basicStats, status) === -1) {
    const number = errno()
    if (number === ENOENT) return undefined
    throw new SystemError(number, 'statx')
  }
  const word = (index: number): number => status[index] ?? 0
  return {
    mode: word(7) & 0xffff,
    uid: word(5),
    gid: word(6),
    size: word(10) + word(11) * 2 ** 32,
    links: word(4),
    mtime: word(28) + (word(29) | 0) * 2 ** 32,
    mtimeNanoseconds: word(30),
    identity: `${word(34)}:${word(35)}:${word(9)}:${word(8)}`,
    deviceMajor: word(32),
    deviceMinor: word(33),
    isMountRoot: (word(2) & mountRoot) !== 0,
  }
}

export function setOwner(fd: number, uid: number, gid: number): void {
  done(c().fchown(fd, uid, gid), 'fchown')
}

/** The same for a name in a directory. A symbolic link itself is changed. */
export function setOwnerAt(
  dir: number,
  name: Uint8Array,
  owner: { readonly uid: number; readonly gid: number },
): void {
  const changed = c().fchownat(dir, terminated(name), owner.uid, owner.gid, symlinkNoFollow)
  done(changed, 'fchownat')
}

/** Sets permission bits. The umask has no effect. */
export function setMode(fd: number, mode: number): void {
  done(c().fchmod(fd, mode), 'fchmod')
}

/** Like `setMode`, for a descriptor of `openPlace` that is not a link. */
export function setPlaceMode(fd: number, mode: number): void {
  done(c().chmod(terminated(Buffer.from(`/proc/self/fd/${fd}`)), mode), 'chmod')
}

const times = new BigInt64Array(4)
const omit = 0x3ffffffen

function fillTimes(seconds: number, nanoseconds: number): BigInt64Array {
  times[1] = omit
  times[2] = BigInt(seconds)
  times[3] = BigInt(nanoseconds)
  return times
}

/** Sets the modification time. The access time stays. */
export function setTime(fd: number, seconds: number, nanoseconds: number): void {
  done(c().futimens(fd, fillTimes(seconds, nanoseconds)), 'futimens')
}

/** The same for a name in a directory. A symbolic link itself is changed. */
export function setTimeAt(
  dir: number,
  name: Uint8Array,
  time: { readonly seconds: number; readonly nanoseconds: number },
): void {
  const filled = fillTimes(time.seconds, time.nanoseconds)
  done(c().utimensat(dir, terminated(name), filled, symlinkNoFollow), 'utimensat')
}

/** Sets the size of a file. A longer file ends in a hole. */
export function setSize(fd: number, size: number): void {
  done(c().ftruncate(fd, size), 'ftruncate')
}

export function setAttribute(fd: number, name: Uint8Array, value: Uint8Array): void {
  const memory = value.length === 0 ? new Uint8Array(1) : value
  done(c().fsetxattr(fd, terminated(name), memory, value.length, 0), 'fsetxattr')
}

/** Removes an attribute. Returns `false` when the file does not have it. */
export function removeAttribute(fd: number, name: Uint8Array): boolean {
  if (c().fremovexattr(fd, terminated(name)) !== -1) return true
  const number = errno()
  if (number === ENODATA || number === ENOTSUP) return false
  throw new SystemError(number, 'fremovexattr')
}

const attributeNames = Buffer.allocUnsafeSlow(65_536)
const attributeValue = Buffer.allocUnsafeSlow(65_536)
const none: readonly Uint8Array[] = []

/** Returns the names of a file's extended attributes; none on a file system without them. */
export function listAttributes(fd: number): readonly Uint8Array[] {
  const length = Number(c().flistxattr(fd, attributeNames, attributeNames.length))
  if (length === 0) return none
  if (length === -1) {
    const number = errno()
    if (number === ENOTSUP) return none
    throw new SystemError(number, 'flistxattr')
  }
  const names: Uint8Array[] = []
  for (let at = 0; at < length; ) {
    const end = attributeNames.indexOf(0, at)
    names.push(new Uint8Array(attributeNames.subarray(at, end)))
    at = end + 1
  }
  return names
}

/** Returns the value of an extended attribute, `undefined` when the file does not have it. */
export function readAttribute(fd: number, name: Uint8Array): Uint8Array | undefined {
  const length = Number(c().fgetxattr(fd, terminated(name), attributeValue, attributeValue.length))
  if (length !== -1) return new Uint8Array(attributeValue.subarray(0, length))
  const number = errno()
  if (number === ENODATA || number === ENOTSUP) return undefined
  throw new SystemError(number === ERANGE ? 7 : number, 'fgetxattr')
}
