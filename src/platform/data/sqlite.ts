import { StrakeError } from '#oci'
import { closeFile, ignoring, openFile, openFlag, pathExists } from '../call/posix.ts'
import type { Database, DatabaseOptions, SqlRow } from './database.ts'
import { BunDatabase, defaultBusyTimeout } from './sqlite-database.ts'
import { explaining, hasCode, isBusy, isOnReadOnlyFilesystem, withRoom } from './sqlite-errors.ts'

type Sqlite = typeof import('bun:sqlite')
type Connection = import('bun:sqlite').Database

function sqlite(): Sqlite {
  const module = process.getBuiltinModule('bun:sqlite') as Sqlite | undefined
  if (module === undefined) {
    throw new StrakeError(
      'UNSUPPORTED',
      'Cannot open a database: this program is not running on Bun',
      {
        remedy: 'run it with Bun 1.4 or later',
      },
    )
  }
  return module
}

/**
 * Opens or creates an SQLite file in WAL mode with `synchronous=FULL`: readers never wait, writers
 * wait for each other, and a transaction that has returned survives a power cut. Throws
 * `UNAVAILABLE` for an error of the disk, and SQLite's own error otherwise; `isDatabaseDamaged`
 * recognizes the fatal ones.
 */
export function openDatabase(path: string, options: DatabaseOptions = {}): Database {
  return withRoom(options.makeRoom, () => explaining(path, () => connect(path, options)))
}

function connect(path: string, options: DatabaseOptions): Database {
  try {
    return connectTo(path, options)
  } catch (error) {
    const isRefused = hasCode(error, 'SQLITE_CANTOPEN') || hasCode(error, 'SQLITE_READONLY')
    if (!isRefused || !pathExists(path) || !isOnReadOnlyFilesystem(path)) throw error
    return connectImmutable(path)
  }
}

function connectTo(path: string, options: DatabaseOptions): Database {
  const { busyTimeout = defaultBusyTimeout, readOnly = false } = options
  const { Database: Constructor } = sqlite()
  // SQLite would create a file that all users can read, and gives its log the same mode.
  if (!readOnly && !pathExists(path)) makeFile(path)
  const connection = new Constructor(path, readOnly ? { readonly: true } : { create: true })
  try {
    connection.run(`PRAGMA busy_timeout=${busyTimeout}`)
    if (!readOnly) useWriteAheadLog(connection, busyTimeout)
    connection.run('PRAGMA synchronous=FULL')
    connection.run('PRAGMA foreign_keys=ON')
    return new BunDatabase(path, connection, options)
  } catch (error) {
    connection.close()
    throw error
  }
}

function makeFile(path: string): void {
  const fd = ignoring(['EROFS', 'EACCES'], () => openFile(path, openFlag.create, 0o600))
  if (fd !== undefined) closeFile(fd)
}

/** On a read-only file system nothing changes, and SQLite needs no lock and no shared memory. */
function connectImmutable(path: string): Database {
  const { Database: Constructor, constants } = sqlite()
  const { SQLITE_OPEN_READONLY: readOnly, SQLITE_OPEN_URI: uri } = constants
  const escaped = encodeURI(path).replaceAll(/[?#]/g, encodeURIComponent)
  const connection = new Constructor(`file:${escaped}?immutable=1`, readOnly | uri)
  return new BunDatabase(path, connection, { readOnly: true })
}

/**
 * Switching to WAL needs exclusive access for a moment, and SQLite does not wait for that. So this
 * requests the mode and tries again until it is set.
 */
function useWriteAheadLog(connection: Connection, timeout: number): void {
  const end = performance.now() + timeout
  for (;;) {
    try {
      const row = connection.query('PRAGMA journal_mode=WAL').get()
      if (row !== null && Object.values(row as SqlRow)[0] === 'wal') return
      throw new StrakeError(
        'UNSUPPORTED',
        `Cannot open ${connection.filename}: its file system has no shared memory`,
        {
          remedy: 'put the store on a local disk with STRAKE_ROOT',
        },
      )
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
}
