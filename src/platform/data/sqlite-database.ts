import { isStrakeError } from '#oci'
import { sleep } from '../call/node-fs.ts'
import type { Database, DatabaseOptions, SqlRow, SqlValue, WriteOptions } from './database.ts'
import { asLastLock } from './lock-order.ts'
import { explaining, isBusy, withRoom } from './sqlite-errors.ts'

type Connection = import('bun:sqlite').Database
type Statement = import('bun:sqlite').Statement

export const defaultBusyTimeout = 15_000

/** Milliseconds between two tries to begin a transaction. */
const betweenTries = 3

/** A database over a connection of Bun. */
export class BunDatabase implements Database {
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

  get version(): string | undefined {
    if (this.#inTransaction) return undefined
    // SQLite counts the changes of other connections, and those of this one, apart.
    const [[others] = []] = this.values('PRAGMA data_version')
    const [[own] = []] = this.values('SELECT total_changes()')
    return `${others} ${own}`
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

  async write<T>(work: () => T, { signal, isDurable = true }: WriteOptions = {}): Promise<T> {
    const deadline = performance.now() + this.#busyTimeout
    for (;;) {
      signal?.throwIfAborted()
      let isBegun = false
      try {
        return this.#withoutWaiting(isDurable, () =>
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

  /** Inside `work`, a statement that meets another writer fails at once. */
  #withoutWaiting<T>(isDurable: boolean, work: () => T): T {
    // SQLite does not change `synchronous` inside a transaction.
    const level = isDurable || this.#inTransaction ? '' : ';PRAGMA synchronous=NORMAL'
    this.execute(`PRAGMA busy_timeout=0${level}`)
    try {
      return work()
    } finally {
      const restored = level === '' ? '' : ';PRAGMA synchronous=FULL'
      this.execute(`PRAGMA busy_timeout=${this.#busyTimeout}${restored}`)
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
