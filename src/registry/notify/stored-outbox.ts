import { type Database, openDatabase } from '#platform'
import type { Outbox } from './outbox.ts'

const create = `CREATE TABLE IF NOT EXISTS letters (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    hook TEXT NOT NULL,
    id TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    -- nobody claims it before
    free_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (hook, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS letters_by_hook ON letters (hook, seq);
  CREATE INDEX IF NOT EXISTS letters_by_expiry ON letters (expires_at);`

const these = 'WHERE hook = ? AND id IN (SELECT value FROM json_each(?))'
const take = `UPDATE letters SET free_at = ?, tries = tries + 1 ${these}`
const free = `UPDATE letters SET free_at = ? ${these}`

/** Keeps letters in an SQLite file, which servers of one directory share. Makes it at the first call. */
export function createStoredOutbox(path: string, now: () => number = Date.now): Outbox {
  let opened: Database | undefined
  const open = (): Database => {
    if (opened !== undefined) return opened
    const database = openDatabase(path)
    database.execute(create)
    opened = database
    return database
  }
  return {
    async add(hook, letters, { most, expiresAt }) {
      const database = open()
      return await database.write(() => {
        for (const { id, text } of letters) {
          database.run(
            'INSERT OR IGNORE INTO letters (hook, id, free_at, expires_at, text) VALUES (?, ?, 0, ?, ?)',
            hook,
            id,
            expiresAt,
            text,
          )
        }
        return database.run(
          `DELETE FROM letters WHERE seq IN (
             SELECT seq FROM letters WHERE hook = ? ORDER BY seq DESC LIMIT -1 OFFSET ?)`,
          hook,
          most,
        )
      })
    },
    async claim(hook, limit, until) {
      const database = open()
      return await database.write(
        () => {
          const rows = database.all(
            'SELECT id, text, tries FROM letters WHERE hook = ? AND free_at <= ? ORDER BY seq LIMIT ?',
            hook,
            now(),
            limit,
          )
          const letters = rows.map(({ id, text, tries }) => ({
            id: String(id),
            text: String(text),
            tries: Number(tries),
          }))
          const ids = JSON.stringify(letters.map(({ id }) => id))
          if (letters.length > 0) database.run(take, until, hook, ids)
          return letters
        },
        { isDurable: false },
      )
    },
    async release(hook, ids, at) {
      const database = open()
      const list = JSON.stringify(ids)
      const change = (): number => database.run(free, at, hook, list)
      await database.write(change, { isDurable: false })
    },
    async remove(hook, ids) {
      const database = open()
      const list = JSON.stringify(ids)
      const sql = `DELETE FROM letters ${these}`
      // A crash that forgets it costs a second delivery.
      await database.write(() => database.run(sql, hook, list), { isDurable: false })
    },
    async expire() {
      const database = open()
      const at = now()
      return await database.write(() => {
        const counts = database.all(
          'SELECT hook, count(*) AS count FROM letters WHERE expires_at <= ? GROUP BY hook',
          at,
        )
        if (counts.length > 0) database.run('DELETE FROM letters WHERE expires_at <= ?', at)
        return new Map(counts.map(({ hook, count }) => [String(hook), Number(count)]))
      })
    },
    async count(hook) {
      const row = open().get('SELECT count(*) AS count FROM letters WHERE hook = ?', hook)
      return Number(row?.['count'] ?? 0)
    },
    async nextFree(hook) {
      const row = open().get('SELECT min(free_at) AS at FROM letters WHERE hook = ?', hook)
      return row === undefined || row['at'] === null ? undefined : Number(row['at'])
    },
    async [Symbol.asyncDispose]() {
      opened?.close()
    },
  }
}
