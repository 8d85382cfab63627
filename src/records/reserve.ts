/** Enough for the log of small transactions, its index, and a few names. */
const size = 256 * 1024

const fs = (): typeof import('node:fs') => process.getBuiltinModule('node:fs')

/**
 * Keeps some of the disk back, so that on a full one things can still be listed
 * and removed: even that writes. Does nothing when the disk has little left.
 */
export function keepReserve(path: string): void {
  const { existsSync, rmSync, statfsSync, writeFileSync } = fs()
  if (existsSync(path)) return
  const { bavail, bsize } = statfsSync(path.slice(0, path.lastIndexOf('/')))
  if (bavail * bsize < 4 * size) return
  try {
    // Not zeros: a filesystem that compresses would keep nothing back for them.
    const noise = process.getBuiltinModule('node:crypto').randomBytes(size)
    writeFileSync(path, noise, { mode: 0o600 })
  } catch {
    rmSync(path, { force: true })
  }
}

/** Gives the space free; false when none was kept. */
export function spendReserve(path: string): boolean {
  try {
    fs().unlinkSync(path)
    return true
  } catch {
    return false
  }
}
