import { dirname } from 'node:path'
import { bootId, filesystemOf, isSystemError, mountOf, treeCalls } from '#platform'
import type { FileNode } from './node.ts'

/**
 * A file system whose kernel proves the status of files: a file whose size, times and
 * inode are unchanged has the same bytes as before.
 */
export interface StatusOrigin {
  /** The name of the file system. It is part of every record that depends on status. */
  readonly name: string
  /** False for files on other mounts below the context. */
  covers(node: Pick<FileNode, 'device' | 'mount'>): boolean
}

/**
 * Types of local file systems on which only the kernel sets the time of a change
 * (ctime). On FUSE and network file systems a program or a server sets it, and on a
 * read-only file system the program that made the image.
 */
const kernelTimed = new Set(['ext4', 'xfs', 'btrfs', 'f2fs', 'bcachefs', 'zfs', 'tmpfs'])

/**
 * Returns the origin of the context at `root`, or `undefined` when the status of its
 * files proves nothing. `cacheFiles` is the directory of cache files.
 *
 * Another file system with the same inodes and times may be mounted at the same
 * path later, for example from a disk image. So records are valid only for the same
 * mount, or when `cacheFiles` is on the file system of the context, so that both are
 * replaced together.
 */
export function statusOrigin(
  root: FileNode,
  rootPath: string,
  cacheFiles: string,
): StatusOrigin | undefined {
  const type = kernelTimedType(rootPath)
  if (type === undefined) return undefined
  const { device, mount } = root
  const isWithContext = deviceOf(cacheFiles) === device
  if (!isWithContext && mount === 0) return undefined
  const place = isWithContext ? 'with the memory' : `mount ${mount} of boot ${bootId()}`
  return {
    name: `${type} ${device} ${place}`,
    covers: (node) => node.device === device && node.mount === mount,
  }
}

/**
 * The type of a writable file system whose kernel sets ctime. An overlay counts if all its
 * layers do.
 */
function kernelTimedType(path: string): string | undefined {
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

/** The device of a directory, or of its nearest parent that exists. */
function deviceOf(path: string): number | undefined {
  for (let place = path; ; place = dirname(place)) {
    const found = treeCalls.scanPath(place)
    if (found !== undefined || place === dirname(place)) return found?.device
  }
}
