import { expect, test } from 'bun:test'
import type { Identity } from '../policy/identity.ts'
import { makeApiToken } from './api-token.ts'
import { Authenticator } from './authenticator.ts'
import { LoginGuard } from './login-guard.ts'

test('a login with a token does not clear the failed guesses of its owner', async () => {
  const facts = { kind: 'user', owner: 'ann', label: '', createdAt: 1 } as const
  const { token, text } = makeApiToken(facts)
  const ann: Identity = { kind: 'user', name: 'ann', groups: [] }
  const authenticator = new Authenticator({
    directories: [
      {
        check: async (_, password) => (password === 'right' ? ann : undefined),
        find: async () => ann,
      },
    ],
    issuers: [],
    guard: new LoginGuard(() => 1000),
    now: () => 1000,
    tokens: {
      find: async () => token,
      noteUse: async () => {},
      put: async () => {},
      remove: async () => false,
      async *list() {},
      async [Symbol.asyncDispose]() {},
    },
  })
  const login = (secret: string) =>
    authenticator.byPassword({ name: 'ann', secret, address: '192.0.2.1' }).then(
      () => 'done',
      (error: { readonly code: string }) => error.code,
    )
  const outcomes: string[] = []
  for (let tries = 0; tries < 5; tries += 1) outcomes.push(await login('wrong'), await login(text))
  expect(outcomes.slice(0, -1)).toEqual([
    ...Array.from({ length: 8 }, (_, count) => (count % 2 === 0 ? 'UNAUTHORIZED' : 'done')),
    'UNAUTHORIZED',
  ])
  expect(await login('wrong')).toBe('TOOMANYREQUESTS')
})
