import { describe, expect, test } from 'bun:test'
import { type ApiToken, makeApiToken, revokeApiToken, type TokenFacts } from '../api-token.ts'

/** A new place for tokens, which any number of servers can open. */
export interface TokenPlace extends AsyncDisposable {
  open(now: () => number): Promise<TokenFacts>
}

const facts = { kind: 'user', owner: 'alice', label: 'laptop', createdAt: 1000 } as const

/** The contract of every `TokenFacts`. */
export function testTokenFacts(name: string, create: () => Promise<TokenPlace>): void {
  const withTwo = async (
    work: (mine: TokenFacts, others: TokenFacts, clock: { at: number }) => Promise<void>,
  ): Promise<void> => {
    await using place = await create()
    const clock = { at: 1000 }
    await using mine = await place.open(() => clock.at)
    await using others = await place.open(() => clock.at)
    await work(mine, others, clock)
  }

  describe(`${name} as the facts of tokens`, () => {
    test('another server finds a token, its use and its end at once', () =>
      withTwo(async (mine, others) => {
        const { token } = makeApiToken({ ...facts, scopes: ['a:pull'], expiresAt: 9000 })
        await mine.put(token)
        expect(await others.find(token.id)).toEqual(token)
        await others.noteUse(token.id, 3000)
        const found = { ...token, usedAt: 3000 }
        expect(await mine.find(token.id)).toEqual(found)
        expect(await Array.fromAsync(mine.list())).toEqual([found])
        await revokeApiToken(others, token.id)
        expect(await mine.find(token.id)).toBeUndefined()
        await expect(revokeApiToken(mine, token.id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
        expect(await mine.find('absent')).toBeUndefined()
        await mine.noteUse('absent', 1)
      }))

    test('put() drops ended tokens, and the oldest logins of a user', () =>
      withTwo(async (mine, others, clock) => {
        const ended = makeApiToken({ ...facts, expiresAt: 1500 })
        const personal = makeApiToken(facts)
        for (const { token } of [ended, personal]) await mine.put(token)
        clock.at = 2000
        const make = (kind: 'refresh' | 'session') =>
          Array.from({ length: 103 }, (_, index) =>
            makeApiToken({ ...facts, kind, createdAt: 2000 + index }),
          )
        const [logins, sessions] = [make('refresh'), make('session')]
        for (const { token } of [...logins, ...sessions]) await mine.put(token)
        const left = await Array.fromAsync(others.list(), ({ id }) => id)
        const kept = [personal, ...logins.slice(3), ...sessions.slice(3)]
        expect(left.sort()).toEqual(kept.map(({ token }) => token.id).sort())
      }))

    test('put() keeps the logins of others, and those that were used last', () =>
      withTwo(async (mine) => {
        const refresh = (owner: string, createdAt: number): ApiToken =>
          makeApiToken({ ...facts, owner, kind: 'refresh', createdAt }).token
        const [oldest, bobs] = [refresh('alice', 1), refresh('bob', 1)]
        for (const token of [oldest, bobs]) await mine.put(token)
        await mine.noteUse(oldest.id, 5000)
        for (let at = 2; at < 110; at += 1) await mine.put(refresh('alice', at))
        expect(await mine.find(oldest.id)).toMatchObject({ usedAt: 5000 })
        expect(await mine.find(bobs.id)).toEqual(bobs)
        expect(await Array.fromAsync(mine.list())).toHaveLength(101)
      }))
  })
}
