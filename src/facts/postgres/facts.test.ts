import { testDatabaseFacts } from '../testing/contract.ts'
import { describePostgres } from '../testing/describe-postgres.ts'
import { findPostgres } from '../testing/postgres-server.ts'
import { openPostgresFacts } from './open.ts'

if (findPostgres() === undefined) {
  console.info('skipped: facts in PostgreSQL: it is not installed')
}

describePostgres('PostgreSQL', (server) => {
  testDatabaseFacts('openPostgresFacts()', async () => {
    const url = await server.createDatabase()
    return {
      open: (now) => openPostgresFacts({ url, now, connections: 4 }),
      async [Symbol.asyncDispose]() {},
    }
  })
})
