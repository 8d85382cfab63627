import { expect, test } from 'bun:test'
import type { Letter, Outbox } from '../outbox.ts'

/** An outbox over storage that outlives it, and its clock. */
export interface OutboxPlace extends AsyncDisposable {
  open(now: () => number): Promise<Outbox>
}

const letters = (...ids: readonly string[]): readonly Letter[] =>
  ids.map((id) => ({ id, text: `{"id":"${id}"}` }))
const idsOf = (found: readonly Letter[]): readonly string[] => found.map(({ id }) => id)

/** Proves an implementation of `Outbox`. */
export function testOutbox(name: string, openPlace: () => Promise<OutboxPlace>): void {
  const limits = { most: 100, expiresAt: 1000 }

  test(`${name} gives each letter to one server, and to another one after its time`, async () => {
    await using place = await openPlace()
    let time = 0
    await using one = await place.open(() => time)
    await using other = await place.open(() => time)
    expect(await one.add('ci', letters('a', 'b', 'c'), limits)).toBe(0)
    await one.add('ci', letters('b'), limits)
    expect(await one.claim('ci', 2, 50)).toEqual([
      { id: 'a', text: '{"id":"a"}', tries: 0 },
      { id: 'b', text: '{"id":"b"}', tries: 0 },
    ])
    expect(idsOf(await other.claim('ci', 2, 50))).toEqual(['c'])
    expect(await other.claim('ci', 2, 50)).toEqual([])
    await one.remove('ci', ['a'])
    await one.release('ci', ['b'], 20)
    expect(await one.nextFree('ci')).toBe(20)
    expect(await one.nextFree('other')).toBeUndefined()
    time = 20
    expect(await other.claim('ci', 9, 90)).toMatchObject([{ id: 'b', tries: 1 }])
    time = 50
    expect(idsOf(await other.claim('ci', 9, 90))).toEqual(['c'])
    expect(await other.count('ci')).toBe(2)
  })

  test(`${name} gives many claims at once no letter twice`, async () => {
    await using place = await openPlace()
    const servers = await Promise.all(Array.from({ length: 4 }, () => place.open(() => 0)))
    const all = letters(...Array.from({ length: 60 }, (_, index) => `id${index}`))
    await servers[0]?.add('ci', all, limits)
    const claims = Array.from({ length: 20 }, (_, index) => servers[index % 4]?.claim('ci', 4, 9))
    const got = (await Promise.all(claims)).flatMap((claim) => idsOf(claim ?? []))
    expect(new Set(got).size).toBe(got.length)
    // A claim may step over letters that another one is looking at.
    const rest = idsOf((await servers[0]?.claim('ci', 100, 9)) ?? [])
    expect([...got, ...rest].toSorted()).toEqual(all.map(({ id }) => id).toSorted())
    for (const server of servers) await server[Symbol.asyncDispose]()
  })

  test(`${name} is bounded: the oldest letters of one hook go`, async () => {
    await using place = await openPlace()
    await using outbox = await place.open(() => 0)
    await outbox.add('slow', letters('x'), limits)
    expect(await outbox.add('ci', letters('a', 'b', 'c'), { most: 2, expiresAt: 9 })).toBe(1)
    expect(await outbox.add('ci', letters('d'), { most: 2, expiresAt: 9 })).toBe(1)
    expect(idsOf(await outbox.claim('ci', 9, 9))).toEqual(['c', 'd'])
    expect(await outbox.count('slow')).toBe(1)
  })

  test(`${name} outlives its server, and drops what has expired`, async () => {
    await using place = await openPlace()
    let time = 0
    {
      await using outbox = await place.open(() => time)
      await outbox.add('ci', letters('a'), { most: 9, expiresAt: 10 })
      await outbox.add('ci', letters('b'), { most: 9, expiresAt: 20 })
    }
    await using outbox = await place.open(() => time)
    expect(await outbox.count('ci')).toBe(2)
    time = 10
    expect([...(await outbox.expire())]).toEqual([['ci', 1]])
    expect([...(await outbox.expire())]).toEqual([])
    expect(idsOf(await outbox.claim('ci', 9, 50))).toEqual(['b'])
  })
}
