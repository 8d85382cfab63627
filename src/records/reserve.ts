import { StrakeError } from '#oci'
import { fs } from '#platform'

/** Enough for the log of small transactions, its index, and a few names. */
const size = 256 * 1024

/** It is made piece by piece: on a disk that is nearly full, less is better than nothing. */
const pieceSize = 16 * 1024

/**
 * A little of the disk that is kept back, so that on a full one things can still be listed
 * and removed: even that writes. What is to grow the store may not have it.
 */
export interface Reserve {
  /** Gives the space free; false when there is none, or this process adds to the store. */
  spend(): boolean
  /** Makes it where it is missing. Does nothing when the disk has little left. */
  keep(): void
  /**
   * From now on this process adds to the store: the reserve stays. Throws `UNAVAILABLE`
   * when this process needed it to get this far and it cannot be made again.
   */
  guard(): void
  /** Makes it again of what is left of the disk when this process has spent it. */
  restore(): void
}

export function createReserve(path: string): Reserve {
  let isSpent = false
  let isGuarded = false
  // What this process has spent while it had the database open is whole again at the end.
  const restore = (): boolean => !isSpent || fillUp(path)
  return {
    spend() {
      if (isGuarded) return false
      try {
        fs().unlinkSync(path)
        isSpent = true
        return true
      } catch {
        return false
      }
    },
    keep() {
      const { existsSync, statfsSync } = fs()
      if (existsSync(path)) return
      const { bavail, bsize } = statfsSync(path.slice(0, path.lastIndexOf('/')))
      if (bavail * bsize >= 4 * size) fillUp(path)
    },
    guard() {
      isGuarded = true
      if (restore()) return
      const directory = path.slice(0, path.lastIndexOf('/'))
      throw new StrakeError('UNAVAILABLE', `Cannot add to ${directory}: no space is left`, {
        remedy: 'free disk space, for example with strake system prune',
      })
    },
    restore: () => void restore(),
  }
}

/** Makes as much of it as there is room for; false when there is none at all. */
function fillUp(path: string): boolean {
  const { closeSync, fstatSync, openSync, rmSync, writeSync } = fs()
  let length = 0
  try {
    const file = openSync(path, 'a', 0o600)
    try {
      for (;;) {
        length = fstatSync(file).size
        if (length >= size) return true
        // Not zeros: a filesystem that compresses would keep nothing back for them.
        const noise = process.getBuiltinModule('node:crypto').randomBytes(pieceSize)
        if (writeSync(file, noise) === 0) return length > 0
      }
    } finally {
      closeSync(file)
    }
  } catch {
    if (length === 0) rmSync(path, { force: true })
    return length > 0
  }
}
