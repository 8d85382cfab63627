import { afterAll, beforeAll, describe } from 'bun:test'
import { testDatabaseFacts } from '../testing/contract.ts'
import { findPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts'
import { openPostgresFacts } from './open.ts'

const programs = findPostgres()
if (programs === undefined) console.info('skipped: facts in PostgreSQL: it is not installed')

describe.skipIf(programs === undefined)('PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(programs ?? '')
  }, 120_000)
  afterAll(async () => server[Symbol.asyncDispose]())

  testDatabaseFacts('openPostgresFacts()', async () => {
    const url = await server.createDatabase()
    return {
      open: (now) => openPostgresFacts({ url, now, connections: 4 }),
      async [Symbol.asyncDispose]() {},
    }
  })
})
