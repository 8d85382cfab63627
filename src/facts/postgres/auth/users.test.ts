import { testUserFacts } from '../../../registry/identity/testing/users-contract.ts'
import { describePostgres } from '../../testing/describe-postgres.ts'
import { openPostgresFacts } from '../open.ts'

describePostgres('PostgreSQL', (server) => {
  testUserFacts('createPostgresUsers()', async () => {
    const url = await server.createDatabase()
    const opened = new AsyncDisposableStack()
    return {
      async open(now) {
        return opened.use(await openPostgresFacts({ url, now, connections: 2 })).users
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  })
})
