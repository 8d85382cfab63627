import { rename, rm } from 'node:fs/promises'
import { migrate, openDatabase, type Postgres, type SqlValue } from '#platform'
import { steps } from '../sqlite/schema.ts'
import { pageSize, sharedTables } from './tables.ts'

/**
 * Writes the facts of a PostgreSQL database, as they are at one moment, into a file with the facts of a
 * registry in a directory. `to` must be absent. Replicas may run meanwhile.
 */
export async function snapshotPostgresFacts(postgres: Postgres, to: string): Promise<void> {
  const part = `${to}.part`
  try {
    const database = openDatabase(part)
    try {
      migrate(database, { steps })
      await postgres.transaction(async (query) => {
        for (const { name, columns } of sharedTables) {
          const names = Object.keys(columns).join(', ')
          const places = Object.keys(columns).map(() => '?')
          const insert = `INSERT INTO ${name} (${names}) VALUES (${places.join(', ')})`
          await query(`DECLARE shared NO SCROLL CURSOR FOR SELECT ${names} FROM strake_${name}`)
          for (let isLast = false; !isLast; ) {
            const rows = await query(`FETCH ${pageSize} FROM shared`)
            const add = (): void => {
              for (const row of rows) {
                const values = Object.entries(columns).map(([column, type]) =>
                  convert(row[column], type),
                )
                database.run(insert, ...values)
              }
            }
            await database.write(add, { isDurable: false })
            isLast = rows.length < pageSize
          }
          await query('CLOSE shared')
        }
      }, 'repeatable read')
    } finally {
      database.close()
    }
    await rename(part, to)
  } finally {
    for (const name of [part, `${part}-wal`, `${part}-shm`]) await rm(name, { force: true })
  }
}

function convert(value: unknown, type: 'number' | 'text'): SqlValue {
  if (value === null || value === undefined) return null
  return type === 'number' ? Number(value) : String(value)
}
