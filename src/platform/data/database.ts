/** A value for a `?`. A bigint must fit into 64 bits. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | null
/** A result row: values by column name. */
export type SqlRow = Readonly<Record<string, unknown>>

/** One connection to a database file. Calls are synchronous and may wait for other writers. */
export interface Database extends Disposable {
  readonly path: string
  /** True when every write throws. */
  readonly isReadOnly: boolean
  /**
   * Differs after each change of the database by any process. Absent inside a transaction, whose
   * changes may be undone.
   */
  readonly version: string | undefined
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
   * Like `transaction`, but waiting for another writer does not block the thread. `work` must be
   * synchronous here too. Throws the reason of `signal` when it aborts during the wait.
   */
  write<T>(work: () => T, options?: WriteOptions): Promise<T>
  close(): void
}

export interface WriteOptions {
  /** Ends the wait for another writer. */
  readonly signal?: AbortSignal | undefined
  /**
   * Default `true`: the changes survive a power cut. With `false`, the call does not wait
   * for the disk, and a power cut may lose the changes, but nothing that was there before.
   */
  readonly isDurable?: boolean | undefined
}

export interface DatabaseOptions {
  /** Milliseconds to wait for another process's write; 15,000 unless given. */
  readonly busyTimeout?: number
  /** Opens an existing file for reading only. */
  readonly readOnly?: boolean
  /**
   * Called when the disk is full. Returns true when there may be space now; then the
   * failed statement, or the whole transaction, is tried once more.
   */
  readonly makeRoom?: () => boolean
}
