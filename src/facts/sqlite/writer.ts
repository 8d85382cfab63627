import { closeSync, fdatasync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { type Database, syncDirectory } from '#platform'

const syncData = promisify(fdatasync)

interface Waiting {
  readonly work: () => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Writes to a database in groups. Everything that is asked for while one group is on its way to the
 * disk becomes the next transaction, so that many small writes share one sync. The sync does not
 * block the thread: SQLite commits without it, and the log of the database is synced afterwards. A
 * write resolves when it survives a power cut.
 */
export class GroupWriter {
  readonly #database: Database
  readonly #onCommit: () => void
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined
  /** The descriptor of SQLite's log. */
  #log: number | undefined

  /** `onCommit` is called when other code of this process can see the changes. */
  constructor(database: Database, onCommit: () => void) {
    this.#database = database
    this.#onCommit = onCommit
  }

  /** `work` is synchronous. When it throws, only its own changes are undone. */
  async write<T>(work: () => T): Promise<T> {
    let result: { readonly value: T } | undefined
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({
        work: () => {
          result = { value: work() }
        },
        resolve,
        reject,
      })
      this.#running ??= this.#run()
    })
    if (result === undefined) throw new TypeError('the work did not run')
    return (result as { readonly value: T }).value
  }

  /** Resolves after the last write. No write may follow. */
  async close(): Promise<void> {
    await this.#running
    if (this.#log !== undefined) closeSync(this.#log)
    this.#log = undefined
  }

  async #run(): Promise<void> {
    // Writes of requests that came in the same turn of the event loop join the first group.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await this.#writeGroup(group)
    }
    this.#running = undefined
  }

  async #writeGroup(group: readonly Waiting[]): Promise<void> {
    const failures = new Map<Waiting, unknown>()
    try {
      await this.#database.write(
        () => {
          failures.clear()
          for (const each of group) this.#try(each, failures)
        },
        { isDurable: false },
      )
      this.#onCommit()
      await this.#sync()
    } catch (error) {
      for (const { reject } of group) reject(error)
      return
    }
    for (const each of group) {
      if (failures.has(each)) each.reject(failures.get(each))
      else each.resolve()
    }
  }

  #try(each: Waiting, failures: Map<Waiting, unknown>): void {
    this.#database.run('SAVEPOINT one')
    try {
      each.work()
    } catch (error) {
      failures.set(each, error)
      this.#database.run('ROLLBACK TO one')
    }
    this.#database.run('RELEASE one')
  }

  async #sync(): Promise<void> {
    const { path } = this.#database
    if (this.#log === undefined) {
      // The connection keeps its log, so this stays the same file while it is open.
      this.#log = openSync(`${path}-wal`, 'r')
      await syncDirectory(dirname(path))
    }
    await syncData(this.#log)
  }
}
