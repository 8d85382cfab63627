import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Database, openDatabase } from '#platform'
import { type ApiToken, isLoginKind, mostLogins, type TokenFacts } from './api-token.ts'
import { readTokenRow, tokenValues } from './token-row.ts'

const create = `CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER,
  expires_at INTEGER,
  facts TEXT NOT NULL
) STRICT, WITHOUT ROWID`

const insert = 'INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)'

/** Keeps tokens in an SQLite file, which commands and servers share. Opens it at the first call. */
export function createStoredTokens(path: string, now: () => number = Date.now): TokenFacts {
  let opening: Promise<Database> | undefined
  const open = (): Promise<Database> => {
    opening ??= openTokens(path)
    return opening
  }
  return {
    async put(token) {
      const database = await open()
      await database.write(() => {
        database.run('DELETE FROM tokens WHERE expires_at <= ?', now())
        database.run(insert, ...tokenValues(token))
        if (isLoginKind(token.kind)) dropOldest(database, token)
      })
    },
    async find(id) {
      const row = (await open()).get('SELECT * FROM tokens WHERE id = ?', id)
      return row && readTokenRow(row)
    },
    async *list() {
      const rows = (await open()).all('SELECT * FROM tokens ORDER BY created_at, id')
      yield* rows.map(readTokenRow)
    },
    async remove(id) {
      const database = await open()
      return await database.write(() => database.run('DELETE FROM tokens WHERE id = ?', id) > 0)
    },
    async noteUse(id, usedAt) {
      const database = await open()
      const update = (): unknown =>
        database.run('UPDATE tokens SET used_at = ? WHERE id = ?', usedAt, id)
      await database.write(update, { isDurable: false })
    },
    async [Symbol.asyncDispose]() {
      if (opening !== undefined) (await opening).close()
    },
  }
}

async function openTokens(path: string): Promise<Database> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const database = openDatabase(path)
  database.execute(create)
  return database
}

function dropOldest(database: Database, { kind, owner }: ApiToken): void {
  database.run(
    `DELETE FROM tokens WHERE id IN (
      SELECT id FROM tokens WHERE owner = ? AND kind = ?
      ORDER BY coalesce(used_at, created_at) DESC LIMIT -1 OFFSET ?
    )`,
    owner,
    kind,
    mostLogins,
  )
}
