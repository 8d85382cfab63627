import {
  type Database,
  isDatabaseDamaged,
  lockFileBlocking,
  openDatabase,
  pathExists,
  renamePath,
} from '#platform'
import { migrate } from './migrate.ts'
import type { Reserve } from './reserve.ts'

export interface OpenOptions {
  readonly now: () => number
  /** Asked when the database has to be made: whether there is anything that it should know of. */
  readonly holdsContent?: (() => boolean) | undefined
  readonly reserve: Reserve
  /** Gives space free where the reserve is gone; false when it found nothing. */
  readonly freeCaches?: (() => boolean) | undefined
}

/**
 * Opens the database at `path`; one that SQLite cannot read is set aside, with
 * what belongs to it, as `<path>.bad-<time>`, and an empty one made. Of several
 * processes that find it damaged one does this, and the others use the result.
 */
export function openOrQuarantine(
  path: string,
  options: OpenOptions,
): { readonly database: Database; readonly quarantined: string | undefined } {
  try {
    return { database: openMigrated(path, options), quarantined: undefined }
  } catch (error) {
    if (!isDatabaseDamaged(error)) throw error
  }
  using _lock = lockFileBlocking(`${path}.repair`)
  try {
    return { database: openMigrated(path, options), quarantined: undefined }
  } catch (error) {
    if (!isDatabaseDamaged(error)) throw error
  }
  const aside = setAside(path, options.now())
  return { database: openMigrated(path, options, aside), quarantined: aside }
}

/** Moves a database away with what belongs to it; returns where it is then. */
function setAside(path: string, at: number): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  let aside = `${path}.bad-${time}`
  for (let count = 1; pathExists(aside); count++) aside = `${path}.bad-${time}-${count}`
  for (const suffix of ['', '-wal', '-shm']) {
    if (pathExists(path + suffix)) renamePath(path + suffix, aside + suffix)
  }
  return aside
}

/** Sets a database aside that was opened and whose inside turned out to be damaged. */
export function setAsideDamaged(path: string, now: () => number = Date.now): string {
  using _lock = lockFileBlocking(`${path}.repair`)
  return setAside(path, now())
}

/** Opens it; an empty one that is made while the store holds content says so for good. */
function openMigrated(
  path: string,
  { now, holdsContent, reserve, freeCaches }: OpenOptions,
  aside: string | null = null,
): Database {
  const database = openDatabase(path, {
    makeRoom: () => reserve.spend() || freeCaches?.() === true,
  })
  try {
    migrate(database, {
      onCreate: () => {
        if (holdsContent?.() !== true) return
        database.run('INSERT INTO loss VALUES (1, ?, ?, 0)', now(), aside)
      },
    })
    // Read by every command: a database whose facts cannot be read at all is noticed here.
    database.get('SELECT at FROM loss')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
