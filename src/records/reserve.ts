import { StrakeError } from '#oci'
import { fs } from '#platform'

/** Enough for the log of small transactions, its index, and a few names. */
const size = 256 * 1024

/** The file is written in pieces: on a nearly full disk, a small reserve is better than none. */
const pieceSize = 16 * 1024

/**
 * A little reserved disk space. On a full disk, listing and removing still needs to write; the
 * reserve makes that possible. Commands that add to the store must not use it.
 */
export interface Reserve {
  /** Frees the space. Returns false when there is none, or when this process adds to the store. */
  spend(): boolean
  /** Creates the reserve if it is missing. Does nothing on a nearly full disk. */
  keep(): void
  /**
   * Declares that this process adds to the store, so that the reserve stays. Throws `UNAVAILABLE`
   * when this process has already spent the reserve and cannot create it again.
   */
  guard(): void
  /** Creates the reserve again if this process has spent it, as far as the disk has space. */
  restore(): void
}

export function createReserve(path: string): Reserve {
  let isSpent = false
  let isGuarded = false
  // A reserve that this process spent is created again when it closes the database.
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

/** Writes the reserve as far as the disk has space; returns false when there is none. */
function fillUp(path: string): boolean {
  const { closeSync, fstatSync, openSync, rmSync, writeSync } = fs()
  let length = 0
  try {
    const file = openSync(path, 'a', 0o600)
    try {
      for (;;) {
        length = fstatSync(file).size
        if (length >= size) return true
        // Random bytes: a file system with compression would use no space for zeros.
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
