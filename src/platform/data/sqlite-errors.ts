import { isStrakeError, StrakeError } from '#oci'
import type { DatabaseOptions } from './database.ts'

/** True for SQLite's errors for a damaged file and for a file that is not a database. */
export function isDatabaseDamaged(error: unknown): boolean {
  const cause = isStrakeError(error, 'UNAVAILABLE') ? error.cause : error
  return hasCode(cause, 'SQLITE_NOTADB') || hasCode(cause, 'SQLITE_CORRUPT')
}

/** True when a row violates a uniqueness rule of the schema. */
export function isUniqueViolation(error: unknown): boolean {
  return (
    hasCode(error, 'SQLITE_CONSTRAINT_UNIQUE') || hasCode(error, 'SQLITE_CONSTRAINT_PRIMARYKEY')
  )
}

/** Errors of the disk or of a lock: the code of SQLite, the reason and the remedy. */
const reasons = [
  ['SQLITE_CORRUPT', 'it is damaged', 'run strake system check --repair'],
  ['SQLITE_NOTADB', 'it is damaged', 'run strake system check --repair'],
  ['SQLITE_FULL', 'no space is left', 'free disk space, for example with strake system prune'],
  ['SQLITE_IOERR', 'the disk reports an error', 'see dmesg, and whether the disk is full'],
  ['SQLITE_BUSY', 'another process does not stop writing to it', 'wait for it, or end it'],
] as const

/** Returns why the file cannot be opened or written, which SQLite's error does not contain. */
function refusal(path: string, error: unknown): readonly [string, string, string] | undefined {
  const code = ['SQLITE_READONLY', 'SQLITE_CANTOPEN'].find((each) => hasCode(error, each))
  if (code === undefined) return undefined
  const elsewhere = 'choose another place with --root'
  if (isOnReadOnlyFilesystem(path)) {
    return [code, 'its file system is read-only', `mount it read-write, or ${elsewhere}`]
  }
  const reason = code === 'SQLITE_READONLY' ? 'it cannot be written' : 'it cannot be opened'
  return [
    code,
    reason,
    process.getuid?.() === 0
      ? `see its permissions and type, or ${elsewhere}`
      : `run as root, or ${elsewhere}`,
  ]
}

/** Turns an error of the disk or of a lock into one that has a remedy. */
export function explaining<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const found = reasons.find(([code]) => hasCode(error, code)) ?? refusal(path, error)
    if (found === undefined) throw error
    const [, reason, remedy] = found
    throw new StrakeError('UNAVAILABLE', `Cannot use ${path}: ${reason}`, { cause: error, remedy })
  }
}

/** Tries `work` once more when the disk was full and `makeRoom` has freed space. */
export function withRoom<T>(makeRoom: DatabaseOptions['makeRoom'], work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isOutOfSpace(error) || makeRoom?.() !== true) throw error
    return work()
  }
}

export function isOnReadOnlyFilesystem(path: string): boolean {
  const { accessSync, constants } = process.getBuiltinModule('node:fs')
  try {
    accessSync(path.slice(0, path.lastIndexOf('/')) || '/', constants.W_OK)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS'
  }
}

/** Sometimes SQLite reports a full disk as an I/O error. */
function isOutOfSpace(error: unknown): boolean {
  if (!isStrakeError(error, 'UNAVAILABLE')) return false
  return hasCode(error.cause, 'SQLITE_FULL') || hasCode(error.cause, 'SQLITE_IOERR')
}

export function isBusy(error: unknown): boolean {
  return hasCode(error, 'SQLITE_BUSY')
}

/** True for an SQLite error whose code begins with `prefix`. */
export function hasCode(error: unknown, prefix: string): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith(prefix)
}
