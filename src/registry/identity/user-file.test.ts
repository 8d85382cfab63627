import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { testUserFacts } from './testing/users-contract.ts'
import { openUserFile } from './user-file.ts'

testUserFacts('openUserFile()', async () => {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-users-')
  return {
    open: async (now) => openUserFile(`${directory.path}/auth/htpasswd`, now),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
})
