import { afterAll, beforeAll, describe } from 'bun:test'
import { testTokenFacts } from '../../registry/identity/testing/contract.ts'
import { findPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts'
import { openPostgresFacts } from './open.ts'

const programs = findPostgres()

describe.skipIf(programs === undefined)('PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(programs ?? '')
  }, 120_000)
  afterAll(async () => server[Symbol.asyncDispose]())

  testTokenFacts('createPostgresTokens()', async () => {
    const url = await server.createDatabase()
    const opened = new AsyncDisposableStack()
    return {
      async open(now) {
        return opened.use(await openPostgresFacts({ url, now, connections: 2 })).tokens
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  })
})
