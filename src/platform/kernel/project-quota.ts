import { check, isSystemError, symbols } from '../call/libc.ts'

/**
 * Projects of XFS, ext4 and F2FS. A project is a number on directories and files that the kernel counts and
 * limits together. A new file gets the number of its directory (`FS_XFLAG_PROJINHERIT`).
 *
 * Each function takes a descriptor of a directory or a regular file, and throws `SystemError`.
 */
const c = symbols({
  ioctl: {
    syscall: process.arch === 'arm64' ? 29 : 16,
    args: ['i32', 'u64', 'ptr'],
    returns: 'i64',
  },
  quotactl_fd: { syscall: 443, args: ['i32', 'u32', 'u32', 'ptr'], returns: 'i64' },
})

/** `FS_IOC_FSGETXATTR` and `FS_IOC_FSSETXATTR` of linux/fs.h, and their `struct fsxattr`. */
const attributes = { get: 0x801c581f, set: 0x401c5820, size: 28, flags: 0, project: 12 } as const
const inheritFlag = 0x200

/** Commands of linux/dqblk_xfs.h, which all file systems with projects have, for `PRJQUOTA`. */
const command = { getQuota: 0x580302, setLimit: 0x580402, getState: 0x580502 } as const
/** `struct fs_quota_stat`: accounting and limits of projects are on. */
const state = { size: 96, flags: 2, isOn: 0x30 } as const
/** `struct fs_disk_quota`; sizes in blocks of 512 bytes. */
const quota = {
  size: 112,
  version: 0,
  flags: 1,
  fields: 2,
  project: 4,
  hardLimit: 8,
  softLimit: 16,
  bytes: 40,
  files: 48,
} as const
const blockSize = 512
const [currentVersion, projectFlag, blockLimits] = [1, 2, 0x0c]

/** Whether the kernel limits projects on the file system of `fd`. */
export function hasProjectQuota(fd: number): boolean {
  const view = new DataView(new ArrayBuffer(state.size))
  view.setInt8(0, currentVersion)
  try {
    check(c().quotactl_fd(fd, command.getState, 0, view), 'quotactl_fd')
  } catch (error) {
    if (isSystemError(error, 'ENOSYS', 'ESRCH', 'EINVAL', 'EOPNOTSUPP', 'EPERM')) return false
    throw error
  }
  return (view.getUint16(state.flags, true) & state.isOn) === state.isOn
}

/** Returns the project; 0 for a file without one, and where the file system has none. */
export function projectOf(fd: number): number {
  const view = new DataView(new ArrayBuffer(attributes.size))
  try {
    check(c().ioctl(fd, attributes.get, view), 'ioctl')
  } catch (error) {
    if (isSystemError(error, 'ENOTTY', 'EOPNOTSUPP', 'EINVAL')) return 0
    throw error
  }
  return view.getUint32(attributes.project, true)
}

/** Moves a file or a directory into a project. Files that are made later in a directory are in its project. */
export function setProject(fd: number, project: number, kind: 'directory' | 'file'): void {
  const view = new DataView(new ArrayBuffer(attributes.size))
  check(c().ioctl(fd, attributes.get, view), 'ioctl')
  view.setUint32(attributes.project, project, true)
  if (kind === 'directory') {
    view.setUint32(attributes.flags, view.getUint32(attributes.flags, true) | inheritFlag, true)
  }
  check(c().ioctl(fd, attributes.set, view), 'ioctl')
}

/** What a project has, and may have. */
export interface ProjectUse {
  /** Bytes; 0 for no limit. */
  readonly limit: number
  /** Bytes. */
  readonly used: number
  /** Files and directories. */
  readonly files: number
}

export function projectUse(fd: number, project: number): ProjectUse {
  const view = new DataView(new ArrayBuffer(quota.size))
  try {
    check(c().quotactl_fd(fd, command.getQuota, project, view), 'quotactl_fd')
  } catch (error) {
    // XFS has no entry for a project without files and limits.
    if (isSystemError(error, 'ENOENT')) return { limit: 0, used: 0, files: 0 }
    throw error
  }
  const bytesAt = (offset: number): number => Number(view.getBigUint64(offset, true)) * blockSize
  return {
    limit: bytesAt(quota.hardLimit),
    used: bytesAt(quota.bytes),
    files: Number(view.getBigUint64(quota.files, true)),
  }
}

/** Limits the bytes of a project, rounded up to 512; 0 removes the limit. Needs root outside of user namespaces. */
export function limitProject(fd: number, project: number, bytes: number): void {
  const view = new DataView(new ArrayBuffer(quota.size))
  const blocks = BigInt(Math.ceil(bytes / blockSize))
  view.setInt8(quota.version, currentVersion)
  view.setInt8(quota.flags, projectFlag)
  view.setUint16(quota.fields, blockLimits, true)
  view.setUint32(quota.project, project, true)
  view.setBigUint64(quota.hardLimit, blocks, true)
  view.setBigUint64(quota.softLimit, blocks, true)
  check(c().quotactl_fd(fd, command.setLimit, project, view), 'quotactl_fd')
}
