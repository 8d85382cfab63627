import type { Database } from '#platform'
import type { ReportDamage } from './fields.ts'

/** The context of every group of records. */
export interface RecordsContext {
  readonly database: Database
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Returns the function that reports damaged rows of a table. */
  readonly reportIn: (table: string) => ReportDamage
}
