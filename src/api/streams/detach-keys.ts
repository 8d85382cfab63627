import { createDetachFilter } from '#container'
import { ApiError } from '../failure.ts'

/** Throws 400 for keys to detach that no terminal can send. */
export function requireDetachKeys(keys: string | undefined): void {
  try {
    createDetachFilter(keys)
  } catch (error) {
    throw new ApiError(400, `Invalid escape keys (${keys}) provided`, error)
  }
}
