import { check, cString, isSystemError, symbols } from '../call/libc.ts'
import { closeFile } from '../call/posix.ts'

const c = symbols({
  fsopen: { syscall: 430, args: ['ptr', 'u32'], returns: 'i64' },
})

const closeOnExec = 1

/**
 * Whether the kernel can mount the filesystem of this name. Asking makes it
 * load the module if that is not done yet: /proc/filesystems lists only what is
 * loaded. `undefined` for one who may not mount, whom the kernel does not tell.
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
