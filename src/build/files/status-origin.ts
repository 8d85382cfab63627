import { dirname } from 'node:path'
import { at, bootId, filesystemOf, isSystemError, mountOf } from '#platform'
import type { FileNode } from './node.ts'

/**
 * The file system whose kernel vouches for the status of a context's files: a
 * file whose size, times and inode are unchanged has the bytes it had before.
 */
export interface StatusOrigin {
  /** Part of everything that is remembered by status. Another file system has another name. */
  readonly name: string
  /** False for files on other mounts below the context. */
  covers(node: Pick<FileNode, 'device' | 'mount'>): boolean
}

/**
 * Types of local file systems on which only the kernel sets the time of a change
 * (ctime). FUSE and network file systems let a program or a server choose it, and
 * what makes an image of a read-only file system chooses it too.
 */
const kernelTimed = new Set(['ext4', 'xfs', 'btrfs', 'f2fs', 'bcachefs', 'zfs', 'tmpfs'])

/**
 * The origin of the context at `root`; `undefined` when the status of its files
 * proves nothing. `memory` is the directory of what builds remember.
 *
 * Another file system with the same inodes and times may be mounted at the same
 * path later, from a disk image for example. So what is remembered counts only
 * for the same mount, or where the memory lies on the context's own file system
 * and is therefore exchanged together with it.
 */
export function statusOrigin(
  root: FileNode,
  rootPath: string,
  memory: string,
): StatusOrigin | undefined {
  const type = kernelTimedType(rootPath)
  if (type === undefined) return undefined
  const { device, mount } = root
  const isOnMemory = deviceOf(memory) === device
  if (!isOnMemory && mount === 0) return undefined
  const place = isOnMemory ? 'with the memory' : `mount ${mount} of boot ${bootId()}`
  return {
    name: `${type} ${device} ${place}`,
    covers: (node) => node.device === device && node.mount === mount,
  }
}

/** The type of a writable file system that sets ctime itself; overlays do when all their layers do. */
function kernelTimedType(path: string): string | undefined {
  const { type, isReadOnly } = filesystemOf(path)
  if (isReadOnly) return undefined
  if (kernelTimed.has(type)) return type
  if (type !== 'overlay') return undefined
  const layers = overlayLayers(path)
  return layers.length > 0 && layers.every(isKernelTimed) ? type : undefined
}

/** The directories an overlay is made of, as its mount options name them. */
function overlayLayers(path: string): string[] {
  const options = mountOf(path)?.superOptions ?? []
  return options.flatMap((option) => {
    const match = /^(?:upperdir|lowerdir\+?|datadir\+)=(.*)$/.exec(option)
    return match?.[1]?.split(':').filter((layer) => layer !== '') ?? []
  })
}

/** A layer that cannot be looked at, from inside a container for example, proves nothing. */
function isKernelTimed(path: string): boolean {
  try {
    return kernelTimed.has(filesystemOf(path).type)
  } catch (error) {
    if (isSystemError(error)) return false
    throw error
  }
}

/** The device of a directory that may have to be made yet. */
function deviceOf(path: string): number | undefined {
  for (let place = path; ; place = dirname(place)) {
    const found = at.scanPath(place)
    if (found !== undefined || place === dirname(place)) return found?.device
  }
}
