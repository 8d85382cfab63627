import { check, isSystemError, symbols } from '../call/libc.ts'
import { closeFile, openFile, openFlag } from '../call/posix.ts'

const c = symbols({
  ioctl: {
    syscall: process.arch === 'arm64' ? 29 : 16,
    args: ['i32', 'u64', 'ptr'],
    returns: 'i64',
  },
})

const request = { getFree: 0x4c82, configure: 0x4c0a } as const
const flag = { readOnly: 1, autoclear: 4, directIo: 16 } as const
/** The size of `struct loop_config`, and the offsets of its descriptor and flags. */
const configSize = 304
const configField = { fd: 0, flags: 60 } as const
const mostTries = 64

/** A file as a block device. Disposal closes it; the kernel keeps the device while it is mounted. */
export interface LoopDevice extends Disposable {
  /** `/dev/loop0` */
  readonly path: string
}

/**
 * Attaches a file to a free loop device, read-only, with direct I/O where its file
 * system supports that. The kernel detaches the device after its last user, so a crash
 * leaves none behind: mount it before disposal.
 *
 * Only whole 512-byte blocks of the file are visible. Throws `ENOENT` or `EPERM` where
 * loop devices are unavailable.
 */
export function attachLoop(file: string): LoopDevice {
  const backing = openFile(file, openFlag.readOnly)
  try {
    for (let tries = 1; ; tries++) {
      const path = `/dev/loop${freeNumber()}`
      const fd = openFile(path, openFlag.readOnly)
      try {
        configure(fd, backing, path)
        return { path, [Symbol.dispose]: () => closeFile(fd) }
      } catch (error) {
        closeFile(fd)
        // Another process took the device first.
        if (!isSystemError(error, 'EBUSY') || tries === mostTries) throw error
      }
    }
  } finally {
    closeFile(backing)
  }
}

function freeNumber(): number {
  const control = openFile('/dev/loop-control', openFlag.readOnly)
  try {
    return check(c().ioctl(control, request.getFree, null), 'ioctl', '/dev/loop-control')
  } finally {
    closeFile(control)
  }
}

function configure(fd: number, backing: number, path: string): void {
  const config = new Uint32Array(configSize / 4)
  config[configField.fd / 4] = backing
  config[configField.flags / 4] = flag.readOnly | flag.autoclear | flag.directIo
  check(c().ioctl(fd, request.configure, config), 'ioctl', path)
}
