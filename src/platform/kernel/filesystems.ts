import { check, cString, isSystemError, symbols } from '../call/libc.ts'
import { closeFile } from '../call/posix.ts'

const c = symbols({
  fsopen: { syscall: 430, args: ['ptr', 'u32'], returns: 'i64' },
})

const closeOnExec = 1

/**
 * Returns whether the kernel can mount this type of file system. The call makes the kernel load the
 * module; /proc/filesystems lists only loaded ones. Returns `undefined` without the right to mount,
 * because the kernel then does not answer.
 */
export function kernelMounts(type: string): boolean | undefined {
  try {
    closeFile(check(c().fsopen(cString(type), closeOnExec), 'fsopen', type))
    return true
  } catch (error) {
    if (isSystemError(error, 'ENODEV')) return false
    if (isSystemError(error, 'EPERM') || isSystemError(error, 'ENOSYS')) return undefined
    throw error
  }
}
