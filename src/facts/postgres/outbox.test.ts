import { afterAll, beforeAll, describe } from 'bun:test'
import { testOutbox } from '../../registry/notify/testing/contract.ts'
import { findPostgres, type PostgresServer, startPostgres } from '../testing/postgres-server.ts'
import { openPostgresFacts } from './open.ts'
import { createPostgresOutbox } from './outbox.ts'

const programs = findPostgres()

describe.skipIf(programs === undefined)('events for webhooks in PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres(programs ?? '')
  }, 120_000)
  afterAll(async () => server[Symbol.asyncDispose]())

  testOutbox('the outbox in PostgreSQL', async () => {
    const facts = await openPostgresFacts({ url: await server.createDatabase(), connections: 4 })
    return {
      open: async (now) => createPostgresOutbox(facts.postgres, now),
      [Symbol.asyncDispose]: () => facts[Symbol.asyncDispose](),
    }
  })
})
