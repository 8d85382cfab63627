import { StrakeError } from '#oci'
import type { Database } from '#platform'
import { migrations } from './migrations.ts'

/** `SQLite application_id` of the file: "strk". */
const applicationId = 0x7374726b

interface MigrateOptions {
  readonly steps?: readonly string[] | undefined
  readonly onCreate?: (() => void) | undefined
}

/**
 * Brings the database to the schema this program knows, in one transaction that
 * any number of processes may attempt at once. `onCreate` is called in it when there
 * were no tables before.
 *
 * Throws `UNSUPPORTED` for a database that a newer program wrote: guessing what
 * its tables mean could lose what it recorded.
 */
export function migrate(
  database: Database,
  { steps = migrations, onCreate }: MigrateOptions = {},
): void {
  if (schemaOf(database) === steps.length) return
  database.transaction(() => {
    // Not before: somebody else may be making the tables at this moment.
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
