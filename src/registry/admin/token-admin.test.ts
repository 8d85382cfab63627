import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { makeApiToken } from '../identity/api-token.ts'
import { createStoredTokens } from '../identity/stored-tokens.ts'
import { createTokenAdmin } from './token-admin.ts'

test('list() shows tokens before logins, each the newest first', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-token-admin-')
  await using tokens = createStoredTokens(`${directory.path}/tokens.db`, () => 1)
  const kinds = ['robot', 'session', 'user', 'refresh', 'session'] as const
  for (const [createdAt, kind] of kinds.entries()) {
    const { token } = makeApiToken({ kind, owner: 'alice', label: `${createdAt}`, createdAt })
    await tokens.put(token)
  }
  const admin = createTokenAdmin(tokens)
  expect((await admin.list()).map(({ label }) => label)).toEqual(['2', '0', '4', '3', '1'])
  expect((await admin.list('alice')).map(({ label }) => label)).toEqual(['2', '4', '3', '1'])
})

test('create() refuses scopes that no access token has room for', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-token-admin-')
  await using tokens = createStoredTokens(`${directory.path}/tokens.db`, () => 1)
  const admin = createTokenAdmin(tokens)
  const scopesOf = (count: number) =>
    Array.from({ length: count }, (_, index) => `team/project-${index}/service:pull,push`)
  const wanted = { kind: 'robot', owner: 'ci', label: '', lifetime: undefined } as const
  await expect(admin.create({ ...wanted, scopes: scopesOf(200) })).rejects.toThrow('characters')
  expect(await admin.list()).toEqual([])
  expect(await admin.create({ ...wanted, scopes: scopesOf(40) })).toMatchObject({
    login: 'robot+ci',
  })
})
