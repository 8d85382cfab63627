import { isSystemError, removeFile, writeSmallFile } from '#platform'

/** Bytes. A state or a request to stop takes less. */
const size = 16_384

/** Reserves disk space for files that must be written when a container has filled the disk. */
export function makeReserve(path: string): void {
  writeSmallFile(path, ' '.repeat(size), 0o600)
}

/** Calls `write`. On a full disk it removes the reserve and calls `write` again. */
export function writeWithReserve(path: string, write: () => void): void {
  try {
    write()
  } catch (error) {
    if (!isFullDisk(error)) throw error
    removeFile(path)
    write()
  }
}

/** True for an error of a full disk or a used-up quota. */
export function isFullDisk(error: unknown): boolean {
  return isSystemError(error, 'ENOSPC', 'EDQUOT')
}
