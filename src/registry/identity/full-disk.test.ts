import { expect, test } from 'bun:test'
import { makeApiToken } from './api-token.ts'
import { Authenticator } from './authenticator.ts'
import { LoginGuard } from './login-guard.ts'

test('a token is accepted when the time of its use cannot be written', async () => {
  const facts = { kind: 'robot', owner: 'ci', label: '', createdAt: 1 } as const
  const { token, text } = makeApiToken(facts)
  const authenticator = new Authenticator({
    directories: [],
    issuers: [],
    guard: new LoginGuard(),
    now: Date.now,
    tokens: {
      find: async (id) => (id === token.id ? token : undefined),
      noteUse: () => Promise.reject(new Error('database or disk is full')),
      put: () => Promise.reject(new Error('database or disk is full')),
      remove: () => Promise.resolve(false),
      async *list() {},
      async [Symbol.asyncDispose]() {},
    },
  })
  expect(await authenticator.byApiToken(text, ['robot'])).toMatchObject({ name: 'ci' })
  const login = { name: 'robot+ci', secret: text, address: '192.0.2.1' }
  expect(await authenticator.byPassword(login)).toMatchObject({ kind: 'robot', name: 'ci' })
})
