import { expect, test } from 'bun:test'
import { stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { mkdtempDisposable } from '#platform'
import { makeApiToken, proveApiToken, revokeApiToken } from './api-token.ts'
import { createStoredTokens } from './stored-tokens.ts'

const facts = { kind: 'user', owner: 'alice', label: 'laptop', createdAt: 1000 } as const

test('createStoredTokens() keeps tokens without their secrets, in a private file', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-tokens-')
  const path = `${directory.path}/auth/tokens.db`
  await using tokens = createStoredTokens(path, () => 2000)
  const { token, text } = makeApiToken({ ...facts, scopes: ['a:pull'], expiresAt: 9000 })
  await tokens.put(token)
  expect(text).toMatch(/^strake_[0-9a-f]{16}_[A-Za-z0-9_-]{32}$/)
  expect(JSON.stringify(token)).not.toContain(text.slice(-32))
  await tokens.noteUse(token.id, 3000)
  const found = { ...token, usedAt: 3000 }
  await using others = createStoredTokens(path)
  expect(await others.find(token.id)).toEqual(found)
  expect(await Array.fromAsync(others.list())).toEqual([found])
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await revokeApiToken(others, token.id)
  expect(await tokens.find(token.id)).toBeUndefined()
  await expect(revokeApiToken(tokens, token.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('createStoredTokens() drops ended tokens, and the oldest logins of a user', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-tokens-')
  let time = 1000
  await using tokens = createStoredTokens(`${directory.path}/tokens.db`, () => time)
  const ended = makeApiToken({ ...facts, expiresAt: 1500 })
  const personal = makeApiToken(facts)
  for (const { token } of [ended, personal]) await tokens.put(token)
  time = 2000
  const logins = Array.from({ length: 103 }, (_, index) =>
    makeApiToken({ ...facts, kind: 'refresh', createdAt: 2000 + index }),
  )
  for (const { token } of logins) await tokens.put(token)
  const left = await Array.fromAsync(tokens.list(), ({ id }) => id)
  expect(left).toEqual([personal, ...logins.slice(3)].map(({ token }) => token.id))
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
