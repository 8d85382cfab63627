import { afterAll, beforeAll, describe } from 'bun:test'
import { findPostgres, type PostgresServer, startPostgres } from './postgres-server.ts'

/** Describes tests that share one PostgreSQL server. They are skipped where it is not installed. */
export function describePostgres(
  title: string,
  define: (server: Pick<PostgresServer, 'createDatabase' | 'freeze' | 'thaw'>) => void,
): void {
  const programs = findPostgres()
  describe.skipIf(programs === undefined)(title, () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres(programs ?? '')
    }, 120_000)
    afterAll(async () => server[Symbol.asyncDispose]())

    define({
      createDatabase: () => server.createDatabase(),
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
    })
  })
}
