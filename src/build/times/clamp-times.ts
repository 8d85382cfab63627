import { fileType, treeCalls, typeOf } from '#platform'

/**
 * Sets times below `root` that are later than `epoch` to `epoch`, as in the layer of
 * these files. Only this process uses `root`. Links are not followed.
 */
export function clampTimes(root: string, epoch: number): void {
  clampWithin(treeCalls.openRoot(root), epoch)
}

/** Closes the directory. */
function clampWithin(directory: number, epoch: number): void {
  try {
    for (const { name } of treeCalls.listDirectory(directory)) {
      const status = treeCalls.entryStatus(directory, name)
      if (status === undefined) continue
      if (typeOf(status.mode) === fileType.directory) {
        const child = treeCalls.openDirectory(directory, name)
        if (child !== undefined) clampWithin(child, epoch)
      }
      const { mtime, mtimeNanoseconds } = status
      const isLate = mtime > epoch || (mtime === epoch && mtimeNanoseconds > 0)
      if (isLate) treeCalls.setTimeAt(directory, name, { seconds: epoch, nanoseconds: 0 })
    }
  } finally {
    treeCalls.closeDescriptor(directory)
  }
}
