// The facts of a registry in databases.

export { type DatabaseFacts, openSqliteFacts, type SqliteFactsOptions } from './sqlite/open.ts'
