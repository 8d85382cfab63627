import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Database, openDatabase, type SqlRow } from '#platform'
import { type ApiToken, mostRefreshTokens, type TokenFacts } from './api-token.ts'

const create = `CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  owner TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER,
  expires_at INTEGER,
  facts TEXT NOT NULL
) STRICT, WITHOUT ROWID`

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
        insert(database, token)
        if (token.kind === 'refresh') dropOldest(database, token.owner)
      })
    },
    async find(id) {
      const row = (await open()).get('SELECT * FROM tokens WHERE id = ?', id)
      return row && fromRow(row)
    },
    async *list() {
      const rows = (await open()).all('SELECT * FROM tokens ORDER BY created_at, id')
      yield* rows.map(fromRow)
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

function insert(database: Database, token: ApiToken): void {
  const { id, kind, owner, createdAt, usedAt, expiresAt, ...facts } = token
  database.run(
    'INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)',
    id,
    kind,
    owner,
    createdAt,
    usedAt ?? null,
    expiresAt ?? null,
    JSON.stringify(facts),
  )
}

function dropOldest(database: Database, owner: string): void {
  database.run(
    `DELETE FROM tokens WHERE id IN (
      SELECT id FROM tokens WHERE owner = ? AND kind = 'refresh'
      ORDER BY coalesce(used_at, created_at) DESC LIMIT -1 OFFSET ?
    )`,
    owner,
    mostRefreshTokens,
  )
}

type Facts = Pick<ApiToken, 'label' | 'secretHash' | 'scopes' | 'secretMark'>

function fromRow(row: SqlRow): ApiToken {
  const facts = JSON.parse(String(row['facts'])) as Facts
  return {
    ...facts,
    id: String(row['id']),
    kind: row['kind'] as ApiToken['kind'],
    owner: String(row['owner']),
    createdAt: Number(row['created_at']),
    ...(row['used_at'] === null ? {} : { usedAt: Number(row['used_at']) }),
    ...(row['expires_at'] === null ? {} : { expiresAt: Number(row['expires_at']) }),
  }
}
