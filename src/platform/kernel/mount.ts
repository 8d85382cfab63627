import { StrakeError } from '#oci'
import { check, cString, isSystemError, symbols } from '../call/libc.ts'
import { closeFile } from '../call/posix.ts'
import { isMountPoint } from './mountinfo.ts'

const c = symbols({
  openTree: { syscall: 428, args: ['i32', 'ptr', 'u32'], returns: 'i64' },
  moveMount: { syscall: 429, args: ['i32', 'ptr', 'i32', 'ptr', 'u32'], returns: 'i64' },
  mountSetattr: { syscall: 442, args: ['i32', 'ptr', 'u32', 'ptr', 'u64'], returns: 'i64' },
  mount: { args: ['ptr', 'ptr', 'ptr', 'u64', 'ptr'], returns: 'i32' },
  umount2: { args: ['ptr', 'i32'], returns: 'i32' },
})

const atCwd = -100
const atEmptyPath = 0x1000
const atRecursive = 0x8000
const openTreeClone = 1
const closeOnExec = 0o2000000
const moveFromEmptyPath = 4
const moveToEmptyPath = 0x40

const ms = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
} as const

/** Restrictions of a mount; none by default. */
export interface MountRestrictions {
  readonly readOnly?: boolean
  readonly noSuid?: boolean
  readonly noDev?: boolean
  readonly noExec?: boolean
}

/** The restrictions as flags; `MS_*` and `MOUNT_ATTR_*` agree on these four. */
export function restrictionFlags(restrictions: MountRestrictions): number {
  const { readOnly, noSuid, noDev, noExec } = restrictions
  return (
    (readOnly ? ms.readOnly : 0) |
    (noSuid ? ms.noSuid : 0) |
    (noDev ? ms.noDev : 0) |
    (noExec ? ms.noExec : 0)
  )
}

/**
 * Mounts the tree at `source`, with all mounts below it, on `target`. Restrictions hold
 * for the whole tree. The result is private: a later mount below one of the two does
 * not appear below the other.
 */
export function mountBind(
  source: string,
  target: string,
  restrictions: MountRestrictions = {},
): void {
  try {
    const path = cString(source)
    const flags = openTreeClone | closeOnExec | atRecursive
    const fd = check(c().openTree(atCwd, path, flags), 'open_tree', source)
    try {
      setAttributes(fd, cString(''), atEmptyPath | atRecursive, restrictions)
      attachMount(fd, target)
    } finally {
      closeFile(fd)
    }
  } catch (error) {
    if (!isSystemError(error, 'ENOSYS')) throw error
    mountBindLegacy(source, target, restrictions)
  }
}

export interface BindOptions extends MountRestrictions {
  /** Whether later mounts below one of the two appear below the other. Default `private`: no. */
  readonly propagation?: 'private' | 'shared' | 'slave' | undefined
  /**
   * What is mounted below the source: left out, or mounted without the restrictions. Default: it is
   * mounted with them.
   */
  readonly below?: 'absent' | 'unrestricted' | undefined
}

/**
 * Like `mountBind`, but from one open file or directory to another. No path is resolved, so a
 * process that changes paths has no effect. The mount of `target` must be private. Throws
 * `UNSUPPORTED` before Linux 5.12.
 */
export function mountBindAt(source: number, target: number, options: BindOptions = {}): void {
  const empty = cString('')
  try {
    const recursive = options.below === 'absent' ? 0 : atRecursive
    const flags = openTreeClone | closeOnExec | recursive | atEmptyPath
    const fd = check(c().openTree(source, empty, flags), 'open_tree')
    try {
      if (options.below === 'unrestricted') {
        const { propagation } = options
        setAttributes(fd, empty, atEmptyPath | atRecursive, { propagation })
        setAttributes(fd, empty, atEmptyPath, options)
      } else setAttributes(fd, empty, atEmptyPath | recursive, options)
      const both = moveFromEmptyPath | moveToEmptyPath
      check(c().moveMount(fd, empty, target, empty, both), 'move_mount')
    } finally {
      closeFile(fd)
    }
  } catch (cause) {
    if (!isSystemError(cause, 'ENOSYS')) throw cause
    throw new StrakeError('UNSUPPORTED', 'Cannot mount by descriptor: Linux is older than 5.12', {
      cause,
    })
  }
}

/** For kernels before 5.12: only the topmost mount becomes read-only. */
function mountBindLegacy(source: string, target: string, restrictions: MountRestrictions): void {
  const path = cString(target)
  const call = (from: string, flags: number): void => {
    check(c().mount(cString(from), path, null, flags, null), 'mount', target)
  }
  call(source, ms.bind | ms.recursive)
  call('none', ms.private | ms.recursive)
  const flags = restrictionFlags(restrictions)
  if (flags !== 0) call('none', ms.remount | ms.bind | flags)
}

/** Applies restrictions and propagation to a mount given by descriptor or path. */
function setAttributes(fd: number, path: Uint8Array, flags: number, options: BindOptions): void {
  const attributes = new BigUint64Array([
    BigInt(restrictionFlags(options)),
    0n,
    BigInt(ms[options.propagation ?? 'private']),
    0n,
  ])
  const size = attributes.byteLength
  check(c().mountSetattr(fd, path, flags, attributes, size), 'mount_setattr')
}

/** Attaches a detached mount (of `fsmount` or `open_tree`) at `target`, private. */
export function attachMount(fd: number, target: string): void {
  const result = c().moveMount(fd, cString(''), atCwd, cString(target), moveFromEmptyPath)
  check(result, 'move_mount', target)
  makePrivate(target)
}

/** Makes the mount at `target` and the mounts below it private. */
export function makePrivate(target: string): void {
  const flags = ms.private | ms.recursive
  check(c().mount(null, cString(target), null, flags, null), 'mount', target)
}

export interface TmpfsOptions extends MountRestrictions {
  /** Bytes; half of the memory unless given. */
  readonly size?: number
  /** The mode of the root directory; 0o755 unless given. */
  readonly mode?: number
  /** More options in the form of `mount(8)`: `uid=5`. */
  readonly more?: readonly string[] | undefined
}

/** Mounts an empty memory filesystem. */
export function mountTmpfs(target: string, options: TmpfsOptions = {}): void {
  const { size, mode = 0o755, more = [] } = options
  const data = [
    `mode=${mode.toString(8)}`,
    ...(size === undefined ? [] : [`size=${size}`]),
    ...more,
  ]
  mountPlain('tmpfs', target, restrictionFlags(options), data.join(','))
}

/** Calls `mount(2)`. Refuses options over 4096 bytes, which the kernel would cut silently. */
export function mountPlain(type: string, target: string, flags: number, data: string): void {
  const options = cString(data)
  if (options.length > 4096) throw new RangeError(`mount options of ${options.length} bytes`)
  const name = cString(type)
  check(c().mount(name, cString(target), name, flags, options), 'mount', target)
  makePrivate(target)
}

export interface UnmountOptions {
  /**
   * Removes the mount from the tree at once, even when it is in use. The kernel ends it
   * after its last user.
   */
  readonly detach?: boolean
}

const mntDetach = 2
const umountNoFollow = 8

/**
 * Unmounts the topmost mount at `target`. Returns `false` without a mount and for an
 * absent path. Throws `EBUSY` when it is in use.
 */
export function unmount(target: string, options: UnmountOptions = {}): boolean {
  const flags = umountNoFollow | (options.detach ? mntDetach : 0)
  try {
    check(c().umount2(cString(target), flags), 'umount', target)
    return true
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return false
    // EINVAL also means a mount that this user namespace may not unmount.
    if (isSystemError(error, 'EINVAL') && !isMountPoint(target)) return false
    throw error
  }
}
