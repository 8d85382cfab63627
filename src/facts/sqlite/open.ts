import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { type Database, migrate, openDatabase } from '#platform'
import {
  type RegistryFacts,
  type RegistryLedger,
  readDirectoryFacts,
  type StoredFact,
} from '#registry'
import { SqliteLedger } from './ledger.ts'
import { ReadCache } from './read-cache.ts'
import { addMember, type Backing, moveTag, SqliteRepositoryFacts } from './repository-facts.ts'
import { steps } from './schema.ts'
import { GroupWriter } from './writer.ts'

/** The facts of a registry in a database, and its ledger. */
export interface DatabaseFacts extends RegistryFacts, AsyncDisposable {
  readonly ledger: RegistryLedger
}

export interface SqliteFactsOptions {
  /** Returns milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number
}

/** Cannot be the name of a repository, whose components begin with a letter or digit. */
const fileName = '_facts.db'

/**
 * Opens the facts in `directory`, and makes it if absent. Any number of processes may have it open.
 * Facts that an earlier version kept as files are taken over; their files are moved to `_before`.
 */
export async function openSqliteFacts(
  directory: string,
  { now = Date.now }: SqliteFactsOptions = {},
): Promise<DatabaseFacts> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const database = openDatabase(join(directory, fileName))
  try {
    await prepare(database, directory, now())
  } catch (error) {
    database.close()
    throw error
  }
  const cache = new ReadCache(database)
  const writer = new GroupWriter(database, () => cache.clear())
  return factsOf({ database, writer, cache, now })
}

async function prepare(database: Database, directory: string, at: number): Promise<void> {
  if (database.isReadOnly) return
  const stored = await readDirectoryFacts(directory)
  migrate(database, {
    steps,
    onCreate: () => {
      if (stored !== undefined) takeOver(database, stored.facts, at)
    },
  })
  if (stored === undefined) return
  const before = join(directory, '_before')
  await mkdir(before, { recursive: true, mode: 0o700 })
  // Another process may have moved it.
  for (const name of stored.names)
    await rename(join(directory, name), join(before, name)).catch(ignoreAbsent)
}

function takeOver(database: Database, facts: Iterable<StoredFact>, at: number): void {
  for (const fact of facts) {
    if ('member' in fact) addMember(database, fact.repository, fact.member, at)
    else {
      const { repository: name, tag, digest } = fact
      const id = Number(database.get('SELECT id FROM repositories WHERE name = ?', name)?.['id'])
      moveTag(database, { name, id, tag, digest, at })
    }
  }
}

function factsOf(backing: Backing): DatabaseFacts {
  const { database, writer, now } = backing
  const pageSize = 1000
  return {
    ledger: new SqliteLedger(backing),
    repository: (name) => new SqliteRepositoryFacts(name, backing),
    async *repositories({ after = '' } = {}) {
      const query = `SELECT name FROM repositories WHERE name > ? ORDER BY name LIMIT ${pageSize}`
      for (let last = after; ; ) {
        const page = database.values(query, last)
        for (const [name] of page) yield String(name)
        if (page.length < pageSize) return
        last = String(page.at(-1)?.[0])
      }
    },
    forget: (name) =>
      writer.write(() => {
        database.run(
          `INSERT INTO tag_moves (repository, tag, previous, moved_at)
           SELECT ?1, name, digest, ?2 FROM tags
           WHERE repository = (SELECT id FROM repositories WHERE name = ?1)`,
          name,
          now(),
        )
        database.run('DELETE FROM repositories WHERE name = ?', name)
      }),
    async *holders(digest) {
      const query = `SELECT r.name FROM members m JOIN repositories r ON r.id = m.repository
                     WHERE m.digest = ?`
      for (const [name] of database.values(query, digest)) yield String(name)
    },
    async [Symbol.asyncDispose]() {
      await writer.close()
      database.close()
    },
  }
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
