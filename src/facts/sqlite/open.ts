import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { StrakeError } from '#oci'
import { type Database, isDatabaseDamaged, migrate, openDatabase } from '#platform'
import { readDirectoryFacts, type StoredFact } from '#registry'
import type { DatabaseFacts } from '../database-facts.ts'
import { digestOf, kindNumber } from '../rows.ts'
import { SqliteCollection } from './collection.ts'
import { SqliteLedger } from './ledger.ts'
import { addMember, enterRepository, findRepository, removeMember } from './members.ts'
import { ReadCache } from './read-cache.ts'
import { type Backing, pageSize, SqliteRepositoryFacts } from './repository-facts.ts'
import { steps } from './schema.ts'
import { moveTag } from './tags.ts'
import { GroupWriter } from './writer.ts'

export interface SqliteFactsOptions {
  /** Returns milliseconds since 1970. Default: the system's clock. */
  readonly now?: () => number
}

/** Cannot be the name of a repository, whose components begin with a letter or digit. */
export const fileName = '_facts.db'

/**
 * Opens the facts in `directory`, and makes it if absent. Any number of processes may have it open.
 * Facts that an earlier version kept as files are taken over; their files are moved to `_before`.
 */
export async function openSqliteFacts(
  directory: string,
  { now = Date.now }: SqliteFactsOptions = {},
): Promise<DatabaseFacts> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, fileName)
  const database = await open(path, (opened) => prepare(opened, directory, now()))
  const cache = new ReadCache(database)
  const writer = new GroupWriter(database, () => cache.clear())
  return factsOf({ database, writer, cache, now })
}

async function open(path: string, use: (database: Database) => Promise<void>): Promise<Database> {
  let database: Database | undefined
  try {
    database = openDatabase(path)
    await use(database)
    return database
  } catch (error) {
    database?.close()
    if (!isDatabaseDamaged(error)) throw error
    throw new StrakeError('UNAVAILABLE', `Cannot use ${path}: it is damaged`, {
      cause: error,
      remedy: 'restore it from a backup, or move it away and push the images again',
    })
  }
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
    const repository = enterRepository(database, fact.repository, at)
    if ('member' in fact) addMember(database, repository, fact.member, { at })
    else moveTag(database, repository, { tag: fact.tag, digest: fact.digest, at })
  }
}

function factsOf(backing: Backing): DatabaseFacts {
  const { database, writer, now } = backing
  return {
    ledger: new SqliteLedger(backing),
    collection: new SqliteCollection(backing),
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
    forget: (name) => writer.write(() => forget(database, name, now())),
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

/** Removes a repository in a transaction. */
function forget(database: Database, name: string, at: number): void {
  const repository = findRepository(database, name)
  if (repository === undefined) return
  const { id } = repository
  const tags = 'SELECT name FROM tags WHERE repository = ?'
  for (const tag of database.all(tags, id)) {
    moveTag(database, repository, { tag: String(tag['name']), at })
  }
  const members = 'SELECT kind, digest FROM members WHERE repository = ?'
  for (const row of database.all(members, id)) {
    const kind = row['kind'] === kindNumber.blob ? 'blob' : 'manifest'
    removeMember(database, repository, { kind, digest: digestOf(row['digest']) }, at)
  }
  database.run('DELETE FROM repositories WHERE id = ?', id)
}

function ignoreAbsent(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
