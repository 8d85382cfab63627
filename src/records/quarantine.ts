import {
  type Database,
  isDatabaseDamaged,
  lockFileBlocking,
  migrate,
  openDatabase,
  pathExists,
  renamePath,
} from '#platform'
import { migrations } from './migrations.ts'
import type { Reserve } from './reserve.ts'

export interface OpenOptions {
  readonly now: () => number
  /**
   * Called when the database must be created: whether the store has content that it should contain.
   */
  readonly holdsContent?: (() => boolean) | undefined
  readonly reserve: Reserve
  /** Frees space when the reserve is spent; returns false when it found nothing to free. */
  readonly freeCaches?: (() => boolean) | undefined
}

/**
 * Opens the database at `path`. One that SQLite cannot read is moved to `<path>.bad-<time>` with
 * its log, and an empty one is created. When several processes find it damaged, one does this and
 * the others use the result.
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

/** Moves a database away, with its log; returns its new path. */
function setAside(path: string, at: number): string {
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  let aside = `${path}.bad-${time}`
  for (let count = 1; pathExists(aside); count++) aside = `${path}.bad-${time}-${count}`
  for (const suffix of ['', '-wal', '-shm']) {
    if (pathExists(path + suffix)) renamePath(path + suffix, aside + suffix)
  }
  return aside
}

/** Moves a database away that could be opened but has damaged contents. */
export function setAsideDamaged(path: string, now: () => number = Date.now): string {
  using _lock = lockFileBlocking(`${path}.repair`)
  return setAside(path, now())
}

/** Opens the database. If it is created while the store has content, this records a loss in it. */
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
      steps: migrations,
      onCreate: () => {
        if (holdsContent?.() !== true) return
        database.run('INSERT INTO loss VALUES (1, ?, ?, 0)', now(), aside)
      },
    })
    // Every command runs this query, so that an unreadable database is noticed here.
    database.get('SELECT at FROM loss')
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
