import { testOutbox } from '../../registry/notify/testing/contract.ts'
import { describePostgres } from '../testing/describe-postgres.ts'
import { openPostgresFacts } from './open.ts'
import { createPostgresOutbox } from './outbox.ts'

describePostgres('events for webhooks in PostgreSQL', (server) => {
  testOutbox('the outbox in PostgreSQL', async () => {
    const facts = await openPostgresFacts({ url: await server.createDatabase(), connections: 4 })
    return {
      open: async (now) => createPostgresOutbox(facts.postgres, now),
      [Symbol.asyncDispose]: () => facts[Symbol.asyncDispose](),
    }
  })
})
