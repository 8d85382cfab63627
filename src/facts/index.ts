// The facts of a registry in databases.

export type { DatabaseFacts } from './database-facts.ts'
export {
  openPostgresFacts,
  type PostgresFacts,
  type PostgresFactsOptions,
} from './postgres/open.ts'
export { createPostgresOutbox } from './postgres/outbox.ts'
export { openSqliteFacts, type SqliteFactsOptions } from './sqlite/open.ts'
export { contentOfSnapshot, snapshotSqliteFacts } from './sqlite/snapshot.ts'
export { restorePostgresFacts } from './transfer/restore-postgres.ts'
export { snapshotPostgresFacts } from './transfer/snapshot-postgres.ts'
