import { rmSync, writeFileSync } from 'node:fs'
import { isSystemError } from '#platform'

/** More than a state or a request takes. */
const size = 16_384

/** Keeps room on the disk for what must be written when a container has filled it. */
export function makeReserve(path: string): void {
  writeFileSync(path, new Uint8Array(size), { mode: 0o600 })
}

/** Calls `write`, and once more with the room of the reserve when the disk is full. */
export function writeWithReserve(path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!isFullDisk(error)) throw error
    rmSync(path, { force: true })
    write()
  }
}

/** True for an error that says that the disk, or the quota of the user, is full. */
export function isFullDisk(error: unknown): boolean {
  return isSystemError(error, 'ENOSPC', 'EDQUOT')
}
