import type { Database } from '#platform'

/** Answers that the cache holds at most. Together they have some ten megabytes. */
const capacity = 50_000

/**
 * Answers of queries, for as long as nobody writes to the database. SQLite tells whether another
 * connection, also one of another process, has written. It is asked once in a turn of the event
 * loop: requests that are answered in one turn were all sent before it. The writer of this process
 * calls `clear`.
 */
export class ReadCache {
  readonly #database: Database
  readonly #answers = new Map<string, unknown>()
  #version: unknown
  #isChecked = false

  constructor(database: Database) {
    this.#database = database
  }

  /** Returns the answer for `key`, from `read` if it is not known. */
  get<T>(key: string, read: () => T): T {
    this.#check()
    if (this.#answers.has(key)) return this.#answers.get(key) as T
    const answer = read()
    if (this.#answers.size >= capacity) this.#answers.clear()
    this.#answers.set(key, answer)
    return answer
  }

  clear(): void {
    this.#answers.clear()
  }

  #check(): void {
    if (this.#isChecked) return
    this.#isChecked = true
    setImmediate(() => {
      this.#isChecked = false
    })
    const version = this.#database.values('PRAGMA data_version')[0]?.[0]
    if (version === this.#version) return
    this.#answers.clear()
    this.#version = version
  }
}
