import { filesystemOf } from '../call/filesystem.ts'
import { isSystemError } from '../call/libc.ts'
import { mountOf } from './mountinfo.ts'

/**
 * Types of local file systems on which only the kernel sets the time of a change
 * (ctime). On FUSE and network file systems a program or a server sets it, and on a
 * read-only file system the program that made the image.
 */
const kernelTimed = new Set(['ext4', 'xfs', 'btrfs', 'f2fs', 'bcachefs', 'zfs', 'tmpfs'])

/**
 * The type of the file system that holds `path`, if it is writable and its kernel sets ctime. An
 * overlay counts if all its layers do.
 */
export function kernelTimedType(path: string): string | undefined {
  const { type, isReadOnly } = filesystemOf(path)
  if (isReadOnly) return undefined
  if (kernelTimed.has(type)) return type
  if (type !== 'overlay') return undefined
  const layers = overlayLayers(path)
  return layers.length > 0 && layers.every(isKernelTimed) ? type : undefined
}

/** The directories of an overlay, from its mount options. */
function overlayLayers(path: string): string[] {
  const options = mountOf(path)?.superOptions ?? []
  return options.flatMap((option) => {
    const match = /^(?:upperdir|lowerdir\+?|datadir\+)=(.*)$/.exec(option)
    return match?.[1]?.split(':').filter((layer) => layer !== '') ?? []
  })
}

/** A layer that is not visible, for example from inside a container, does not count. */
function isKernelTimed(path: string): boolean {
  try {
    return kernelTimed.has(filesystemOf(path).type)
  } catch (error) {
    if (isSystemError(error)) return false
    throw error
  }
}
