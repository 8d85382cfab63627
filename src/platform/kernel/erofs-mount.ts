import { check, cString, symbols } from '../call/libc.ts'
import { closeFile, openFile, openFlag } from '../call/posix.ts'
import { attachMount, type MountRestrictions, restrictionFlags } from './mount.ts'

const c = symbols({
  fsopen: { syscall: 430, args: ['ptr', 'u32'], returns: 'i64' },
  fsconfig: { syscall: 431, args: ['i32', 'u32', 'ptr', 'ptr', 'i32'], returns: 'i64' },
  fsmount: { syscall: 432, args: ['i32', 'u32', 'u32'], returns: 'i64' },
})

const closeOnExec = 1
const set = { flag: 0, string: 1, create: 6 } as const
/** `fsconfig` refuses longer values. */
const longestValue = 255

export interface ErofsOptions extends MountRestrictions {
  /** The image: a block device, or a regular file where the kernel mounts those (6.12.2). */
  readonly source: string
  /** The files or block devices of the image, in the order of its device table. */
  readonly devices: readonly string[]
}

/**
 * Mounts an EROFS image at `target`, read-only. The caller must check that the devices are the
 * right ones and long enough, because the kernel does not.
 *
 * Throws `ENOTBLK` when `source` is a regular file and the kernel, or the file system of `source`
 * (tmpfs, overlay), needs a block device; `ENODEV` when the kernel has no EROFS. Never call it with
 * a regular file on Linux 6.12.0 and 6.12.1: they panic when blocks are smaller than pages.
 */
export function mountErofs(target: string, { source, devices, ...rest }: ErofsOptions): void {
  const calls = c()
  const descriptors: number[] = []
  const shorten = (path: string): string => {
    if (path.length < longestValue && isPrintable.test(path)) return path
    const fd = openFile(path, openFlag.path)
    descriptors.push(fd)
    return `/proc/self/fd/${fd}`
  }
  const fs = check(calls.fsopen(cString('erofs'), closeOnExec), 'fsopen', 'erofs')
  try {
    const setString = (key: string, value: string): void => {
      const result = calls.fsconfig(fs, set.string, cString(key), cString(shorten(value)), 0)
      check(result, 'fsconfig', `${key}=${value}`)
    }
    setString('source', source)
    for (const device of devices) setString('device', device)
    check(calls.fsconfig(fs, set.flag, cString('ro'), null, 0), 'fsconfig', 'ro')
    check(calls.fsconfig(fs, set.create, null, null, 0), 'fsconfig', source)
    const attributes = restrictionFlags({ ...rest, readOnly: true })
    const mount = check(calls.fsmount(fs, closeOnExec, attributes), 'fsmount', target)
    try {
      attachMount(mount, target)
    } finally {
      closeFile(mount)
    }
  } finally {
    closeFile(fs)
    for (const fd of descriptors) closeFile(fd)
  }
}

const isPrintable = /^[\x21-\x7e]+$/
