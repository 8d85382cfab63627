import { expect, test } from 'bun:test'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { makeApiToken, proveApiToken } from './api-token.ts'
import { createStoredTokens } from './stored-tokens.ts'
import { testTokenFacts } from './testing/contract.ts'

testTokenFacts('createStoredTokens()', async () => {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-tokens-')
  return {
    open: async (now) => createStoredTokens(`${directory.path}/tokens.db`, now),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
})

const facts = { kind: 'user', owner: 'alice', label: 'laptop', createdAt: 1000 } as const

test('createStoredTokens() keeps tokens without their secrets, in a private file', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-tokens-')
  const path = `${directory.path}/auth/tokens.db`
  await using tokens = createStoredTokens(path, () => 2000)
  const { token, text } = makeApiToken({ ...facts, scopes: ['a:pull'], expiresAt: 9000 })
  await tokens.put(token)
  expect(text).toMatch(/^strake_[0-9a-f]{16}_[A-Za-z0-9_-]{32}$/)
  expect(JSON.stringify(token)).not.toContain(text.slice(-32))
  expect(await tokens.find(token.id)).toEqual(token)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('proveApiToken() accepts the exact text, until it ends', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-tokens-')
  await using tokens = createStoredTokens(`${directory.path}/tokens.db`, () => 1000)
  const { token, text } = makeApiToken({ ...facts, expiresAt: 5000 })
  await tokens.put(token)
  const prove = async (given: string, now = 2000): Promise<string | undefined> =>
    (await proveApiToken(tokens, given, now))?.id
  expect(await prove(text)).toBe(token.id)
  const other = makeApiToken(facts).text
  const last = text.endsWith('A') ? 'B' : 'A'
  for (const wrong of [
    `${text.slice(0, -1)}${last}`,
    text.slice(0, -1),
    `${text}A`,
    other,
    '',
    'strake_',
  ]) {
    expect(await prove(wrong)).toBeUndefined()
  }
  expect(await prove(text, 5000)).toBeUndefined()
})
