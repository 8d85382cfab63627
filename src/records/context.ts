import type { Database } from '#platform'
import type { ReportDamage } from './fields.ts'

/** What every group of records works with. */
export interface RecordsContext {
  readonly database: Database
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What reports damaged rows of a table. */
  readonly reportIn: (table: string) => ReportDamage
}
