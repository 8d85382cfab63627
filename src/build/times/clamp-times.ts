import { at, fileType, typeOf } from '#platform'

/**
 * Sets times below `root` that are later than `epoch` to `epoch`, as in the layer of
 * these files. Only this process uses `root`. Links are not followed.
 */
export function clampTimes(root: string, epoch: number): void {
  clampWithin(at.openRoot(root), epoch)
}

/** Closes the directory. */
function clampWithin(directory: number, epoch: number): void {
  try {
    for (const { name } of at.listDirectory(directory)) {
      const status = at.entryStatus(directory, name)
      if (status === undefined) continue
      if (typeOf(status.mode) === fileType.directory) {
        const child = at.openDirectory(directory, name)
        if (child !== undefined) clampWithin(child, epoch)
      }
      const { mtime, mtimeNanoseconds } = status
      const isLate = mtime > epoch || (mtime === epoch && mtimeNanoseconds > 0)
      if (isLate) at.setTimeAt(directory, name, { seconds: epoch, nanoseconds: 0 })
    }
  } finally {
    at.closeDescriptor(directory)
  }
}
