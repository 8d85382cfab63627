import { StrakeError } from '#oci'
import { filesystemType } from '../call/filesystem.ts'
import { check, cString, isSystemError, SystemError, symbols } from '../call/libc.ts'
import { closeFile, ignoring, openFile, openFlag, readFile } from '../call/posix.ts'
import { inUserNamespace } from '../rights/user-namespace.ts'
import { attachMount, type MountRestrictions, mountPlain, restrictionFlags } from './mount.ts'

const c = symbols({
  fsopen: { syscall: 430, args: ['ptr', 'u32'], returns: 'i64' },
  fsconfig: { syscall: 431, args: ['i32', 'u32', 'ptr', 'ptr', 'i32'], returns: 'i64' },
  fsmount: { syscall: 432, args: ['i32', 'u32', 'u32'], returns: 'i64' },
})

/** The kernel's limit of read-only directories in one overlay. */
export const maxOverlayLowers = 500

export interface OverlayOptions extends MountRestrictions {
  /** Read-only directories, topmost first; at least one, and two without `upper`. */
  readonly lower: readonly string[]
  /** The directory for changes, on the same file system as `work`. */
  readonly upper?: string
  /** An empty directory that overlayfs alone uses. */
  readonly work?: string
  /**
   * Never syncs `upper`: faster, but after a crash `upper` is unusable, and the kernel refuses to
   * mount it again while `work/work/incompat` exists.
   */
  readonly volatile?: boolean
  /**
   * Keeps the marks of overlayfs in `user.overlay.*`. Default: in a user namespace, where the kernel
   * allows no others.
   */
  readonly userXattr?: boolean
}

/**
 * Mounts a stack of directories as one file system at `target`.
 *
 * `upper` gets whiteouts, opaque directories and whole files, but no redirects and no
 * metadata-only copies. So `upper` can be read as a changeset, and a hostile attribute
 * in a layer cannot redirect the kernel.
 *
 * Throws `UNSUPPORTED` when the kernel or the file system of `upper` cannot do it.
 */
export function mountOverlay(target: string, options: OverlayOptions): void {
  const { lower } = options
  if (lower.length > maxOverlayLowers) {
    const reason = `${lower.length} layers are more than the ${maxOverlayLowers} the kernel stacks`
    throw new StrakeError('UNSUPPORTED', `Cannot mount ${target}: ${reason}`, {
      remedy: 'flatten the image into fewer layers',
    })
  }
  const paths = new ShortPaths()
  try {
    mountWithApi(target, options, paths)
  } catch (error) {
    if (!isSystemError(error)) throw error
    if (isSystemError(error, 'ENOSYS') || error instanceof NoLowerPlus) {
      explaining(target, options, () => mountOverlayLegacy(target, options))
    } else throw explain(error, target, options)
  } finally {
    paths.close()
  }
}

function explaining(target: string, options: OverlayOptions, call: () => void): void {
  try {
    call()
  } catch (error) {
    throw isSystemError(error) ? explain(error, target, options) : error
  }
}

/** The kernel has fsopen for overlay but not `lowerdir+`: 6.5 and 6.6. */
class NoLowerPlus extends SystemError {}

const fsopenCloseOnExec = 1
const fsmountCloseOnExec = 1
const set = { flag: 0, string: 1, create: 6 } as const
const einval = 22

function mountWithApi(target: string, options: OverlayOptions, paths: ShortPaths): void {
  const calls = c()
  const fs = check(calls.fsopen(cString('overlay'), fsopenCloseOnExec), 'fsopen')
  try {
    const setString = (key: string, value: string): void => {
      const result = calls.fsconfig(fs, set.string, cString(key), cString(value), 0)
      check(result, 'fsconfig', `${key}=${value}`)
    }
    setString('source', 'strake')
    options.lower.forEach((path, index) => {
      try {
        setString('lowerdir+', paths.shorten(path))
      } catch (error) {
        if (index === 0 && isSystemError(error, 'EINVAL') && readLog(fs).includes('nknown')) {
          throw new NoLowerPlus(einval, 'fsconfig', 'lowerdir+')
        }
        throw error
      }
    })
    if (options.upper !== undefined) setString('upperdir', paths.shorten(options.upper))
    if (options.work !== undefined) setString('workdir', paths.shorten(options.work))
    for (const [key, value] of plainOptions(options)) {
      if (value !== undefined) setString(key, value)
      else check(calls.fsconfig(fs, set.flag, cString(key), null, 0), 'fsconfig', key)
    }
    check(calls.fsconfig(fs, set.create, null, null, 0), 'fsconfig', target)
    const attributes = restrictionFlags(options)
    const mount = check(calls.fsmount(fs, fsmountCloseOnExec, attributes), 'fsmount', target)
    try {
      attachMount(mount, target)
    } finally {
      closeFile(mount)
    }
  } finally {
    closeFile(fs)
  }
}

/** Returns the kernel's explanation of the last refusal, from the log of the file system context. */
function readLog(fs: number): string {
  const buffer = new Uint8Array(1024)
  const length = ignoring(['ENODATA'], () => readFile(fs, buffer)) ?? 0
  return length > 0 ? new TextDecoder().decode(buffer.subarray(0, length)) : ''
}

function plainOptions(options: OverlayOptions): [key: string, value?: string][] {
  const list: [key: string, value?: string][] = []
  if (options.userXattr ?? inUserNamespace()) list.push(['userxattr'])
  else list.push(['redirect_dir', 'nofollow'], ['metacopy', 'off'])
  // Without this option, files and directories of one root have different device numbers.
  list.push(['index', 'off'], ['xino', 'auto'])
  if (options.volatile && options.upper !== undefined) list.push(['volatile'])
  return list
}

/**
 * For kernels before 6.7: one option string, which the kernel silently cuts at a page.
 * Directories are named by descriptor, so that 4095 bytes hold about 200 of them and
 * no character needs an escape.
 */
export function mountOverlayLegacy(target: string, options: OverlayOptions): void {
  const paths = new ShortPaths(0)
  try {
    const data = [`lowerdir=${options.lower.map((path) => paths.shorten(path)).join(':')}`]
    if (options.upper !== undefined) data.push(`upperdir=${paths.shorten(options.upper)}`)
    if (options.work !== undefined) data.push(`workdir=${paths.shorten(options.work)}`)
    for (const [key, value] of plainOptions(options)) {
      data.push(value === undefined ? key : `${key}=${value}`)
    }
    const text = data.join(',')
    if (text.length > 4095) {
      const reason = `${options.lower.length} layers are too many for this kernel`
      throw new StrakeError('UNSUPPORTED', `Cannot mount ${target}: ${reason}`, {
        remedy: 'use Linux 6.7 or later, or flatten the image into fewer layers',
      })
    }
    mountPlain('overlay', target, restrictionFlags(options), text)
  } finally {
    paths.close()
  }
}

/**
 * Names directories in a form that mount calls accept. `fsconfig` refuses values over 255 bytes,
 * and in overlayfs backslashes, commas and colons have a meaning.
 */
class ShortPaths {
  readonly #maximum: number
  readonly #descriptors: number[] = []

  constructor(maximum = 250) {
    this.#maximum = maximum
  }

  shorten(path: string): string {
    if (path.length <= this.#maximum && /^[\w./@+=-]+$/.test(path)) return path
    const fd = openFile(path, openFlag.path | openFlag.directory)
    this.#descriptors.push(fd)
    return `/proc/self/fd/${fd}`
  }

  close(): void {
    for (const fd of this.#descriptors.splice(0)) closeFile(fd)
  }
}

const incapable = new Set(['overlay', 'nfs', 'fuse', 'cifs', '9p', 'vfat', 'exfat', 'erofs'])

function explain(error: unknown, target: string, options: OverlayOptions): unknown {
  const fail = (reason: string, remedy: string): StrakeError =>
    new StrakeError('UNSUPPORTED', `Cannot mount ${target}: ${reason}`, { remedy, cause: error })
  if (isSystemError(error, 'ENODEV')) {
    return fail('this kernel has no overlayfs', 'load it with modprobe overlay')
  }
  if (isSystemError(error, 'EPERM')) {
    return fail('mounting needs root', 'run strake as root or with sudo')
  }
  const upperType = options.upper === undefined ? undefined : filesystemType(options.upper)
  if (isSystemError(error, 'EINVAL', 'EOPNOTSUPP', 'EREMOTE') && upperType !== undefined) {
    if (incapable.has(upperType)) {
      return fail(
        `overlayfs cannot write changes to ${upperType}, the file system of ${options.upper}`,
        'put the store on ext4, xfs, btrfs or tmpfs with STRAKE_ROOT',
      )
    }
  }
  return error
}
