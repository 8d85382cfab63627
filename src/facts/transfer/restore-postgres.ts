import { StrakeError } from '#oci'
import { openDatabase, type Postgres, type SqlValue } from '#platform'
import { pageSize, sharedTables } from './tables.ts'

/**
 * Writes the facts of a file into an empty PostgreSQL database that has the tables, all or none. Throws
 * `CONFLICT` for a database with repositories.
 */
export async function restorePostgresFacts(from: string, postgres: Postgres): Promise<void> {
  const database = openDatabase(from, { readOnly: true })
  try {
    await postgres.transaction(async (query) => {
      const [known] = await query('SELECT 1 FROM strake_repositories LIMIT 1')
      if (known !== undefined) {
        throw new StrakeError('CONFLICT', 'Cannot restore: the database has repositories', {
          remedy: 'name an empty database in the configuration',
        })
      }
      for (const { name, columns, key, counted } of sharedTables) {
        const names = Object.keys(columns).join(', ')
        const insert = `INSERT INTO strake_${name} (${names})
                        SELECT ${names} FROM json_populate_recordset(NULL::strake_${name}, $1::text::json)
                        ON CONFLICT DO NOTHING`
        const places = key.map(() => '?').join(', ')
        const page = (after: readonly SqlValue[]) => {
          const where = after.length === 0 ? '' : `WHERE (${key.join(', ')}) > (${places})`
          const order = `ORDER BY ${key.join(', ')} LIMIT ${pageSize}`
          return database.all(`SELECT ${names} FROM ${name} ${where} ${order}`, ...after)
        }
        for (let rows = page([]); rows.length > 0; ) {
          await query(insert, JSON.stringify(rows))
          const last = rows.at(-1) ?? {}
          rows = page(key.map((column) => last[column] as SqlValue))
        }
        if (counted === undefined) continue
        await query(
          `SELECT setval(pg_get_serial_sequence('strake_${name}', '${counted}'),
             (SELECT greatest(max(${counted}), 1) FROM strake_${name}))`,
        )
      }
    })
  } finally {
    database.close()
  }
}
