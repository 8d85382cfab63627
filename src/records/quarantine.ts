import {
  type Database,
  isDatabaseDamaged,
  lockFile,
  openDatabase,
  pathExists,
  renamePath,
} from '#platform'
import { migrate } from './migrate.ts'
import { spendReserve } from './reserve.ts'

/**
 * Opens the database at `path`; one that SQLite cannot read is set aside, with
 * what belongs to it, as `<path>.bad-<time>`, and an empty one made. Of several
 * processes that find it damaged one does this, and the others use the result.
 */
export function openOrQuarantine(
  path: string,
  now: () => number,
): { readonly database: Database; readonly quarantined: string | undefined } {
  try {
    return { database: openMigrated(path), quarantined: undefined }
  } catch (error) {
    if (!isDatabaseDamaged(error)) throw error
  }
  using _lock = lockFile(`${path}.repair`)
  try {
    return { database: openMigrated(path), quarantined: undefined }
  } catch (error) {
    if (!isDatabaseDamaged(error)) throw error
  }
  const time = new Date(now()).toISOString().replace(/[-:]|\.\d+/g, '')
  let aside = `${path}.bad-${time}`
  for (let count = 1; pathExists(aside); count++) aside = `${path}.bad-${time}-${count}`
  for (const suffix of ['', '-wal', '-shm']) {
    if (pathExists(path + suffix)) renamePath(path + suffix, aside + suffix)
  }
  return { database: openMigrated(path), quarantined: aside }
}

/** Beside the database, which is the only thing that may spend it. */
export function reservePath(path: string): string {
  return `${path.slice(0, path.lastIndexOf('/'))}/reserve`
}

function openMigrated(path: string): Database {
  const database = openDatabase(path, { makeRoom: () => spendReserve(reservePath(path)) })
  try {
    migrate(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
