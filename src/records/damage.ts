import type { StrakeError } from '#oci'
import type { Database, SqlRow, SqlValue } from '#platform'
import type { ReportDamage } from './fields.ts'

/** The damaged rows that were found since the records were opened. */
export interface Damage {
  readonly reportIn: (table: string) => ReportDamage
  readonly errors: () => readonly StrakeError[]
  /** Deletes the rows and returns their number. */
  readonly remove: () => number
}

interface DamagedRow {
  readonly error: StrakeError
  readonly table: string
  readonly row: SqlRow
}

export function createDamage(database: Database): Damage {
  // A damaged row is found again whenever its table is listed.
  const found = new Map<string, DamagedRow>()
  return {
    reportIn: (table) => (error, row) => void found.set(error.message, { error, table, row }),
    errors: () => Array.from(found.values(), ({ error }) => error),
    remove: () =>
      database.transaction(() => {
        let count = 0
        for (const { table, row } of found.values()) count += removeRow(database, table, row)
        found.clear()
        return count
      }),
  }
}

function removeRow(database: Database, table: string, row: SqlRow): number {
  const keys = database
    .all('SELECT name FROM pragma_table_info(?) WHERE pk > 0', table)
    .map(({ name }) => String(name))
    .filter((name) => isKey(row[name]))
  if (keys.length === 0) return 0
  const condition = keys.map((name) => `${name} = ?`).join(' AND ')
  return database.run(
    `DELETE FROM ${table} WHERE ${condition}`,
    ...keys.map((name) => row[name]).filter(isKey),
  )
}

function isKey(value: unknown): value is SqlValue {
  return typeof value === 'string' || typeof value === 'number'
}
