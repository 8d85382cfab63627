import { StrakeError } from '#oci'
import type { Database } from './database.ts'

/** SQLite's `application_id` of the file: "strk". */
const applicationId = 0x7374726b

interface MigrateOptions {
  /** The statements that lead from one schema to the next. */
  readonly steps: readonly string[]
  readonly onCreate?: (() => void) | undefined
}

/**
 * Brings the database to the current schema, in one transaction that any number of processes may
 * attempt at once. Calls `onCreate` in that transaction when there were no tables before.
 *
 * Throws `UNSUPPORTED` for a database that a newer program wrote: this one would misread its tables
 * and could lose facts.
 */
export function migrate(database: Database, { steps, onCreate }: MigrateOptions): void {
  if (schemaOf(database) === steps.length) return
  database.transaction(() => {
    // Checked inside the transaction: another process may be creating the tables.
    refuseForeign(database, steps.length)
    const before = schemaOf(database)
    for (const step of steps.slice(before)) database.execute(step)
    if (before === 0) onCreate?.()
    database.execute(`PRAGMA user_version=${steps.length}`)
    database.execute(`PRAGMA application_id=${applicationId}`)
  })
}

function refuseForeign(database: Database, known: number): void {
  const schema = schemaOf(database)
  if (schema > known) {
    throw new StrakeError(
      'UNSUPPORTED',
      `Cannot open ${database.path}: a newer strake wrote it (schema ${schema}, this one knows ${known})`,
      { remedy: 'upgrade strake, or use another store with STRAKE_ROOT' },
    )
  }
  if (schema === 0 && database.get('SELECT 1 FROM sqlite_schema') !== undefined) {
    throw new StrakeError(
      'INVALID',
      `Cannot open ${database.path}: it is another program's database`,
      {
        remedy: 'use another store with STRAKE_ROOT',
      },
    )
  }
}

function schemaOf(database: Database): number {
  return Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0)
}
