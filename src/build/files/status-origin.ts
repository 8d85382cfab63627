import { dirname } from 'node:path'
import { bootId, kernelTimedType, treeCalls } from '#platform'
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

/** The device of a directory, or of its nearest parent that exists. */
function deviceOf(path: string): number | undefined {
  for (let place = path; ; place = dirname(place)) {
    const found = treeCalls.scanPath(place)
    if (found !== undefined || place === dirname(place)) return found?.device
  }
}
