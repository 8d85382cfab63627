/** `SQLITE_FULL` is the same for a database. */
const codes = new Set<unknown>(['ENOSPC', 'EDQUOT', 'SQLITE_FULL'])

/** Returns true when a full disk or quota is among the causes. */
export function isStorageFull(error: unknown): boolean {
  let cause = error
  for (let depth = 0; cause instanceof Error && depth < 8; depth += 1) {
    if ('code' in cause && codes.has(cause.code)) return true
    cause = cause.cause
  }
  return false
}
