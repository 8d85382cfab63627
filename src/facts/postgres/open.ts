import type { ObjectIndex } from '#object-content'
import type { Postgres, PostgresOptions } from '#platform'
import { connectPostgres } from '#platform/data/postgres'
import type { TokenFacts } from '#registry/identity/api-token'
import type { UserFacts } from '#registry/identity/user-facts'
import type { KeyFacts } from '#registry/token/signing-keys'
import type { DatabaseFacts } from '../database-facts.ts'
import { digestOf } from '../rows.ts'
import { createPostgresFailures, type PostgresFailures } from './auth/failures.ts'
import { createPostgresKeys } from './auth/keys.ts'
import { createPostgresTokens } from './auth/tokens.ts'
import { createPostgresUsers } from './auth/users.ts'
import { type DatabaseClock, followClock } from './clock.ts'
import { PostgresCollection } from './collection.ts'
import { inTime } from './in-time.ts'
import { PostgresLedger } from './ledger.ts'
import { migrate } from './migrate.ts'
import { createPostgresObjectIndex } from './object-index.ts'
import { type Backing, PostgresRepositoryFacts, pageSize } from './repository-facts.ts'
import { steps } from './schema.ts'
import { createPostgresUploads, type PostgresUploads } from './uploads.ts'

/** Milliseconds for one statement. */
const usualTimeout = 10_000

export interface PostgresFactsOptions extends PostgresOptions {
  /** Returns milliseconds since 1970. Default: the clock of the database. */
  readonly now?: (() => number) | undefined
}

export interface PostgresFacts extends DatabaseFacts {
  readonly uploads: PostgresUploads
  readonly tokens: TokenFacts
  readonly users: UserFacts
  /** The keys that sign access tokens. */
  readonly keys: KeyFacts
  readonly failures: PostgresFailures
  readonly postgres: Postgres
  /** For a bucket that the replicas share. */
  readonly objects: ObjectIndex
  /** The time that all replicas share, in milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Opens the facts in a PostgreSQL database, and makes or completes its tables. Any number of
 * replicas may use it at the same time. Throws `UNAVAILABLE` when the database does not answer.
 */
export async function openPostgresFacts(options: PostgresFactsOptions): Promise<PostgresFacts> {
  const { timeout = usualTimeout } = options
  const postgres = connectPostgres({ ...options, timeout })
  let clock: DatabaseClock
  try {
    await migrate(postgres, steps)
    clock = await followClock(postgres)
  } catch (error) {
    await postgres[Symbol.asyncDispose]()
    throw error
  }
  const now = options.now ?? clock.now
  // A statement that begins by then ends, at its time limit, before its caller gives up.
  const backing: Backing = { postgres, now, deadline: () => clock.now() + timeout / 2 }
  return {
    now,
    ledger: new PostgresLedger(backing),
    collection: new PostgresCollection(backing),
    uploads: createPostgresUploads(postgres),
    tokens: createPostgresTokens(backing),
    users: createPostgresUsers(backing),
    keys: createPostgresKeys(backing),
    failures: createPostgresFailures(backing),
    postgres,
    objects: createPostgresObjectIndex(backing),
    repository: (name) => new PostgresRepositoryFacts(name, backing),
    async *repositories({ after = '' } = {}) {
      const query = `SELECT name FROM strake_repositories WHERE name > $1
                     ORDER BY name LIMIT ${pageSize}`
      for (let last = after; ; ) {
        const page = await postgres.query(query, last)
        for (const row of page) yield String(row['name'])
        if (page.length < pageSize) return
        last = String(page.at(-1)?.['name'])
      }
    },
    async forget(name) {
      const forget = `SELECT strake_forget($1, $2::bigint) FROM ${inTime(3)}`
      await postgres.query(forget, name, backing.now(), backing.deadline())
    },
    async *holders(digest) {
      const query = `SELECT r.name FROM strake_members m
                     JOIN strake_repositories r ON r.id = m.repository WHERE m.digest = $1`
      for (const row of await postgres.query(query, digestOf(digest))) yield String(row['name'])
    },
    async [Symbol.asyncDispose]() {
      clock[Symbol.dispose]()
      await postgres[Symbol.asyncDispose]()
    },
  }
}
