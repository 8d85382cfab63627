import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStoredOutbox } from './stored-outbox.ts'
import { testOutbox } from './testing/contract.ts'

testOutbox('the outbox in a file', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-outbox-'))
  return {
    open: async (now) => createStoredOutbox(join(root, 'letters.db'), now),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  }
})
