import { isStrakeError, StrakeError } from '#oci'
import { sleep } from '../call/node-fs.ts'
import { closeFile, ignoring, openFile, openFlag, pathExists } from '../call/posix.ts'
import { isRoot } from '../process/privilege.ts'
import { asLastLock } from './lock-order.ts'

type Sqlite = typeof import('bun:sqlite')
type Connection = import('bun:sqlite').Database
type Statement = import('bun:sqlite').Statement

/** A value for a `?`. A bigint must fit 64 bits. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | null
/** A result row: values by column name. */
export type SqlRow = Readonly<Record<string, unknown>>

/** One connection to a database file. Calls are synchronous and may wait for other writers. */
export interface Database extends Disposable {
  readonly path: string
  /** True when every write throws. */
  readonly isReadOnly: boolean
  /** Executes one statement and returns the number of changed rows. */
  run(sql: string, ...values: readonly SqlValue[]): number
  /** Returns the first row, or `undefined`. */
  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined
  all(sql: string, ...values: readonly SqlValue[]): SqlRow[]
  /** Returns rows as arrays of column values, which is cheaper for many rows. */
  values(sql: string, ...values: readonly SqlValue[]): readonly (readonly unknown[])[]
  /** Executes statements without values and results. */
  execute(sql: string): void
  /**
   * Runs `work` with the only write lock of the database, taken before the first
   * read, so that no row that was read can change. When this returns, all changes
   * are durable; when `work` throws, none is kept. Inside a transaction, `work`
   * becomes part of it.
   */
  transaction<T>(work: () => T): T
  /**
   * The same, but waiting for another writer does not block the thread. `work` is
   * synchronous all the same. Throws the reason of `signal` when it aborts meanwhile.
   */
  write<T>(work: () => T, signal?: AbortSignal): Promise<T>
  close(): void
}

export interface DatabaseOptions {
  /** Milliseconds to wait for another process's write; 15,000 unless given. */
  readonly busyTimeout?: number
  /** Opens an existing file and refuses to change it. */
  readonly readOnly?: boolean
  /**
   * Called when the disk is full. Returns true when there may be space now; then the
   * failed statement, or the whole transaction, is tried once more.
   */
  readonly makeRoom?: () => boolean
}

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
 * Opens or creates an SQLite file in WAL mode with `synchronous=FULL`: readers
 * never wait, writers queue, and a transaction that returned survives a power
 * cut. Throws `UNAVAILABLE` for an error of the disk, else SQLite's own errors;
 * `isDatabaseDamaged` recognizes the fatal ones.
 */
export function openDatabase(path: string, options: DatabaseOptions = {}): Database {
  return withRoom(options.makeRoom, () => explaining(path, () => connect(path, options)))
}

const defaultBusyTimeout = 15_000

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
  // SQLite would create a file that all users can read, and gives the files beside it the same mode.
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

function isOnReadOnlyFilesystem(path: string): boolean {
  const { accessSync, constants } = process.getBuiltinModule('node:fs')
  try {
    accessSync(path.slice(0, path.lastIndexOf('/')) || '/', constants.W_OK)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS'
  }
}

/**
 * Switching to WAL needs the file exclusively for a moment, and SQLite does not wait
 * for that. So this asks for the mode and tries again until it is set.
 */
function useWriteAheadLog(connection: Connection, timeout: number): void {
  const end = performance.now() + timeout
  for (;;) {
    try {
      const row = connection.query('PRAGMA journal_mode=WAL').get()
      if (row !== null && Object.values(row as SqlRow)[0] === 'wal') return
      throw new StrakeError(
        'UNSUPPORTED',
        `Cannot open ${connection.filename}: its filesystem has no shared memory`,
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

/** Milliseconds between two tries to begin a transaction. */
const betweenTries = 3

class BunDatabase implements Database {
  readonly path: string
  readonly isReadOnly: boolean
  readonly #connection: Connection
  readonly #statements = new Map<string, Statement>()
  readonly #makeRoom: DatabaseOptions['makeRoom']
  readonly #busyTimeout: number
  #inTransaction = false

  constructor(path: string, connection: Connection, options: DatabaseOptions) {
    this.path = path
    this.isReadOnly = options.readOnly === true
    this.#connection = connection
    this.#makeRoom = options.makeRoom
    this.#busyTimeout = options.busyTimeout ?? defaultBusyTimeout
  }

  run(sql: string, ...values: readonly SqlValue[]): number {
    return this.#withRoom(() =>
      explaining(this.path, () => this.#prepare(sql).run(...values).changes),
    )
  }

  get(sql: string, ...values: readonly SqlValue[]): SqlRow | undefined {
    const row = explaining(this.path, () => this.#prepare(sql).get(...values))
    return (row as SqlRow | null) ?? undefined
  }

  all(sql: string, ...values: readonly SqlValue[]): SqlRow[] {
    return explaining(this.path, () => this.#prepare(sql).all(...values)) as SqlRow[]
  }

  values(sql: string, ...values: readonly SqlValue[]): readonly (readonly unknown[])[] {
    return explaining(this.path, () => this.#prepare(sql).values(...values))
  }

  execute(sql: string): void {
    explaining(this.path, () => this.#connection.run(sql))
  }

  transaction<T>(work: () => T): T {
    if (this.#inTransaction) return work()
    return this.#withRoom(() => this.#transact(work))
  }

  async write<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    const deadline = performance.now() + this.#busyTimeout
    for (;;) {
      signal?.throwIfAborted()
      let isBegun = false
      try {
        return this.#withoutWaiting(() =>
          this.transaction(() => {
            isBegun = true
            return work()
          }),
        )
      } catch (error) {
        if (isBegun || !isStrakeError(error, 'UNAVAILABLE') || !isBusy(error.cause)) throw error
        if (performance.now() > deadline) throw error
      }
      await sleep(betweenTries, signal)
    }
  }

  /** A statement that meets another writer fails at once. */
  #withoutWaiting<T>(work: () => T): T {
    this.execute('PRAGMA busy_timeout=0')
    try {
      return work()
    } finally {
      this.execute(`PRAGMA busy_timeout=${this.#busyTimeout}`)
    }
  }

  /** Inside a transaction the whole transaction is tried again, not one statement. */
  #withRoom<T>(work: () => T): T {
    return this.#inTransaction ? work() : withRoom(this.#makeRoom, work)
  }

  #transact<T>(work: () => T): T {
    this.run('BEGIN IMMEDIATE')
    this.#inTransaction = true
    try {
      const result = asLastLock(work)
      if (result instanceof Promise) throw new TypeError('a transaction cannot wait for a promise')
      this.run('COMMIT')
      return result
    } catch (error) {
      if (this.#connection.inTransaction) this.run('ROLLBACK')
      throw error
    } finally {
      this.#inTransaction = false
    }
  }

  close(): void {
    for (const statement of this.#statements.values()) statement.finalize()
    this.#statements.clear()
    this.#connection.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#connection.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** True for the errors of SQLite that mean: the file is damaged or not a database. */
export function isDatabaseDamaged(error: unknown): boolean {
  const cause = isStrakeError(error, 'UNAVAILABLE') ? error.cause : error
  return hasCode(cause, 'SQLITE_NOTADB') || hasCode(cause, 'SQLITE_CORRUPT')
}

/** True when a uniqueness rule of the schema refused a row. */
export function isUniqueViolation(error: unknown): boolean {
  return (
    hasCode(error, 'SQLITE_CONSTRAINT_UNIQUE') || hasCode(error, 'SQLITE_CONSTRAINT_PRIMARYKEY')
  )
}

/** Errors of the disk or of a lock: the code of SQLite, the reason and the remedy. */
const reasons = [
  ['SQLITE_CORRUPT', 'it is damaged', 'run strake system check --repair'],
  ['SQLITE_FULL', 'no space is left', 'free disk space, for example with strake system prune'],
  ['SQLITE_IOERR', 'the disk reports an error', 'see dmesg, and whether the disk is full'],
  ['SQLITE_BUSY', 'another process does not stop writing to it', 'wait for it, or end it'],
] as const

/** Why the file cannot be opened or written, which SQLite does not say. */
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
    isRoot() ? `see its permissions and type, or ${elsewhere}` : `run as root, or ${elsewhere}`,
  ]
}

function explaining<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const found = reasons.find(([code]) => hasCode(error, code)) ?? refusal(path, error)
    if (found === undefined) throw error
    const [, reason, remedy] = found
    throw new StrakeError('UNAVAILABLE', `Cannot use ${path}: ${reason}`, { cause: error, remedy })
  }
}

function withRoom<T>(makeRoom: DatabaseOptions['makeRoom'], work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!isOutOfSpace(error) || makeRoom?.() !== true) throw error
    return work()
  }
}

/** SQLite reports a full disk as an I/O error where it did not expect to need space. */
function isOutOfSpace(error: unknown): boolean {
  if (!isStrakeError(error, 'UNAVAILABLE')) return false
  return hasCode(error.cause, 'SQLITE_FULL') || hasCode(error.cause, 'SQLITE_IOERR')
}

function isBusy(error: unknown): boolean {
  return hasCode(error, 'SQLITE_BUSY')
}

function hasCode(error: unknown, prefix: string): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith(prefix)
}
