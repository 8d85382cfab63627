import { testTokenFacts } from '../../../registry/identity/testing/contract.ts'
import { describePostgres } from '../../testing/describe-postgres.ts'
import { openPostgresFacts } from '../open.ts'

describePostgres('PostgreSQL', (server) => {
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
