import { StrakeError } from '#oci'
import type { Postgres } from '#platform'

/** The key of the lock under which one replica at a time changes the schema. */
const migrationLock = 7_374_726

/**
 * Runs the steps that the database lacks. A replica of an earlier version keeps running: it finds a
 * schema that is newer than its own, and uses it.
 */
export async function migrate(postgres: Postgres, steps: readonly string[]): Promise<void> {
  await postgres.execute(
    `SELECT pg_advisory_xact_lock(${migrationLock});
     CREATE TABLE IF NOT EXISTS strake_schema (step integer PRIMARY KEY)`,
  )
  const [row] = await postgres.query('SELECT count(*)::integer AS done FROM strake_schema')
  for (let step = Number(row?.['done'] ?? 0); step < steps.length; step += 1) {
    try {
      // The insert fails if another replica was first; then its transaction has done the step.
      await postgres.execute(
        `SELECT pg_advisory_xact_lock(${migrationLock});
         INSERT INTO strake_schema VALUES (${step});
         ${steps[step]}`,
      )
    } catch (cause) {
      const [done] = await postgres.query('SELECT 1 FROM strake_schema WHERE step = $1', step)
      if (done !== undefined) continue
      throw new StrakeError('UNAVAILABLE', 'Cannot prepare the database of the registry', { cause })
    }
  }
}
