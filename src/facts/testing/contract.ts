import { expect, test } from 'bun:test'
import { createMemoryStore } from '#content'
import type { Descriptor } from '#oci'
import { createLocalRegistry, type RegistryFacts } from '#registry'
import { fromBuffer } from '#stream'
import { testRegistryCollection } from '../../registry/collect/testing/contract.ts'
import { testRegistryFacts } from '../../registry/store/testing/contract.ts'
import { blob, emptyConfig, manifest } from '../../registry/testing/fixtures.ts'
import type { DatabaseFacts } from '../database-facts.ts'

/** A new database, which any number of servers can open. */
export interface TestDatabase extends AsyncDisposable {
  open(now: () => number): Promise<DatabaseFacts>
}

const one = blob('one').descriptor
const two = blob('two').descriptor

async function addManifest(facts: RegistryFacts, name: string, target = one): Promise<void> {
  await facts.repository(name).add({ kind: 'manifest', descriptor: target })
}

/** The contract of all facts in databases. */
export function testDatabaseFacts(name: string, create: () => Promise<TestDatabase>): void {
  const openOne = async () => {
    const database = await create()
    const clock = { at: 1_000_000 }
    const facts = await database.open(() => clock.at)
    const { ledger, collection } = facts
    return {
      facts,
      ledger,
      collection,
      clock,
      async [Symbol.asyncDispose]() {
        await facts[Symbol.asyncDispose]()
        await database[Symbol.asyncDispose]()
      },
    }
  }
  testRegistryFacts(name, openOne)
  testRegistryCollection(name, openOne)

  /** Two servers over one database, with a clock that the test moves. */
  const withTwo = async (
    work: (mine: DatabaseFacts, others: DatabaseFacts, clock: { at: number }) => Promise<void>,
  ): Promise<void> => {
    await using database = await create()
    const clock = { at: 1000 }
    await using mine = await database.open(() => clock.at)
    await using others = await database.open(() => clock.at)
    await work(mine, others, clock)
  }

  test(`${name} shows what another process wrote at once`, () =>
    withTwo(async (mine, others) => {
      await addManifest(mine, 'app')
      await mine.repository('app').setTag('v1', one.digest)
      expect(await others.repository('app').findTag('v1')).toBe(one.digest)
      await others.forget('app')
      expect(await mine.repository('app').findTag('v1')).toBeUndefined()
      await addManifest(others, 'app', two)
      expect(await mine.repository('app').find('manifest', one.digest)).toBeUndefined()
      expect(await mine.repository('app').find('manifest', two.digest)).toBeDefined()
    }))

  test(`${name} does not find what another process removed after its tag was found`, () =>
    withTwo(async (mine, others) => {
      await addManifest(mine, 'app')
      const repository = mine.repository('app')
      await repository.setTag('v1', one.digest)
      expect(await repository.findTag('v1')).toBe(one.digest)
      expect(await repository.find('manifest', one.digest)).toMatchObject({ descriptor: one })
      await repository.findTag('v1')
      await others.repository('app').remove('manifest', one.digest)
      expect(await repository.find('manifest', one.digest)).toBeUndefined()
    }))

  test(`${name} writes what two servers add at the same time`, () =>
    withTwo(async (mine, others) => {
      const names = Array.from({ length: 200 }, (_, count) => `team/${count}`)
      await Promise.all(
        names.map((name, count) => addManifest(count % 2 === 0 ? mine : others, name)),
      )
      expect(await Array.fromAsync(mine.repositories())).toEqual(names.sort())
    }))

  test(`${name}: a tag is neither lost nor empty when another server removes its manifest`, () =>
    withTwo(async (mine, others) => {
      for (let round = 0; round < 60; round += 1) {
        const repository = `app/${round}`
        await addManifest(mine, repository)
        const tags = Array.from({ length: 3 }, async (_, count) =>
          mine.repository(repository).setTag(`v${count}`, one.digest, { onlyHeld: true }),
        )
        const removal = others.repository(repository).remove('manifest', one.digest, {
          onlyTags: [],
        })
        const [inTheWay, ...set] = await Promise.all([removal, ...tags])
        const app = others.repository(repository)
        const isHeld = (await app.find('manifest', one.digest)) !== undefined
        expect(isHeld).toBe(inTheWay.length > 0)
        const found = await Promise.all(set.map((_, count) => app.findTag(`v${count}`)))
        expect(found).toEqual(set.map(() => (isHeld ? one.digest : undefined)))
        expect(set).toEqual(set.map(() => (isHeld ? 'done' : 'unheld')))
      }
    }))

  test(`${name}: a fixed tag stays when another server deletes its manifest at the same time`, () =>
    withTwo(async (mine, others) => {
      const store = createMemoryStore()
      const opening = { fixedBy: (tag: string) => (tag === 'v1' ? 'fixed: v*' : undefined) }
      const target = manifest({ layers: [] })
      for (let round = 0; round < 40; round += 1) {
        const [here, there] = [mine, others].map((facts) =>
          createLocalRegistry(store, facts).repository(`app/${round}`, opening),
        )
        if (here === undefined || there === undefined) throw new TypeError('two servers')
        for (const { descriptor, raw } of [emptyConfig, target]) {
          await here.write(descriptor, fromBuffer(raw))
        }
        await here.tag('latest', target.descriptor)
        const [tagged, deleted] = await Promise.allSettled([
          here.tag('v1', target.descriptor),
          there.delete(target.descriptor),
        ])
        expect([tagged.status, deleted.status].sort()).toEqual(['fulfilled', 'rejected'])
        const isKept = tagged.status === 'fulfilled'
        const { reason } = (isKept ? deleted : tagged) as PromiseRejectedResult
        expect(reason).toMatchObject({ code: isKept ? 'DENIED' : 'MANIFEST_UNKNOWN' })
        expect(await Array.fromAsync(there.tags())).toEqual(isKept ? ['latest', 'v1'] : [])
      }
    }))

  test(`${name}: of two servers that set a fixed tag, one does`, () =>
    withTwo(async (mine, others) => {
      for (const target of [one, two]) await addManifest(mine, 'app', target)
      for (let round = 0; round < 30; round += 1) {
        const set = (facts: DatabaseFacts, { digest }: Descriptor) =>
          facts.repository('app').setTag(`v${round}`, digest, { onlyNew: true })
        const outcomes = await Promise.all([set(mine, one), set(others, two)])
        expect([...outcomes].sort()).toEqual(['done', 'taken'])
        const winner = outcomes[0] === 'done' ? one : two
        expect(await mine.repository('app').findTag(`v${round}`)).toBe(winner.digest)
      }
    }))

  test(`${name}: a removal is in the log of each tag with its sender`, () =>
    withTwo(async (mine) => {
      await addManifest(mine, 'app')
      await mine.repository('app').setTag('v1', one.digest, { by: 'alice' })
      await mine.repository('app').remove('manifest', one.digest, { by: 'bob' })
      const [last] = await mine.ledger.tagMoves('app', 'v1', { limit: 1 })
      expect(last).toMatchObject({ previous: one.digest, movedBy: 'bob' })
    }))

  test(`${name}: the log of a tag has every move, who made it, and stays when the repository goes`, () =>
    withTwo(async (mine, others, clock) => {
      const app = mine.repository('app')
      for (const target of [one, two]) await addManifest(mine, 'app', target)
      await app.setTag('v1', one.digest, { by: 'alice' })
      clock.at = 2000
      await others.repository('app').setTag('v1', two.digest, { by: 'bob' })
      await app.setTag('v1', two.digest, { by: 'carol' })
      clock.at = 3000
      await mine.forget('app')
      const moves = await others.ledger.tagMoves('app', 'v1', { limit: 10 })
      expect(
        moves.map(({ id: _, mediaType: type, ...move }) => ({
          ...move,
          isTyped: type === one.mediaType,
        })),
      ).toEqual([
        {
          digest: undefined,
          previous: two.digest,
          movedAt: 3000,
          movedBy: undefined,
          size: two.size,
          isTyped: true,
        },
        {
          digest: two.digest,
          previous: one.digest,
          movedAt: 2000,
          movedBy: 'bob',
          size: two.size,
          isTyped: true,
        },
        {
          digest: one.digest,
          previous: undefined,
          movedAt: 1000,
          movedBy: 'alice',
          size: one.size,
          isTyped: true,
        },
      ])
      const older = { limit: 1, before: moves[1]?.id }
      expect(await mine.ledger.tagMoves('app', 'v1', older)).toEqual(moves.slice(2))
      const ofOne = { limit: 9, digest: one.digest, olderThan: 2000 }
      expect(await mine.ledger.tagMoves('app', 'v1', ofOne)).toEqual(moves.slice(2))
      expect(await mine.ledger.tagMoves('app', 'v1', { ...ofOne, olderThan: 1000 })).toEqual([])
      expect(await mine.ledger.tagMoves('app/v', 'v1', { limit: 1 })).toEqual([])
    }))

  test(`${name}: members() tells since when nothing holds a member`, () =>
    withTwo(async (mine, _, clock) => {
      const app = mine.repository('app')
      await app.add({ kind: 'manifest', descriptor: one, names: [two.digest] })
      await app.add({ kind: 'blob', descriptor: two })
      const states = async () => {
        const all = [
          ...(await Array.fromAsync(mine.ledger.members('app', 'manifest'))),
          ...(await Array.fromAsync(mine.ledger.members('app', 'blob'))),
        ]
        return all.map(({ freeSince, pulledAt }) => [freeSince, pulledAt])
      }
      expect(await states()).toEqual([
        [1000, undefined],
        [undefined, undefined],
      ])
      await app.setTag('a', one.digest)
      await app.setTag('b', one.digest)
      expect((await states())[0]).toEqual([undefined, undefined])
      clock.at = 5000
      await app.setTag('a', undefined)
      expect((await states())[0]).toEqual([undefined, undefined])
      await app.setTag('b', two.digest)
      await mine.ledger.notePulls([{ repository: 'app', digest: one.digest, tag: 'b', at: 6000 }])
      expect((await states())[0]).toEqual([5000, 6000])
      expect(await Array.fromAsync(mine.ledger.tags('app'))).toMatchObject([
        { name: 'b', digest: two.digest, movedAt: 5000, pulledAt: 6000 },
      ])
      clock.at = 7000
      await app.remove('manifest', one.digest)
      expect(await states()).toEqual([[7000, undefined]])
    }))

  test(`${name}: usage() counts the repositories below a prefix, and usageOf() what a sender added`, () =>
    withTwo(async (mine) => {
      for (const name of ['team', 'team/a', 'team/a/b', 'team-b', 'team0', 'other']) {
        await mine.repository(name).add({ kind: 'blob', descriptor: one })
      }
      await addManifest(mine, 'team/a', two)
      await mine.repository('team/a').setTag('v1', two.digest)
      const below = { repositories: 3, manifests: 1, tags: 1, bytes: 3 * one.size + two.size }
      expect(await mine.ledger.usage('team')).toEqual(below)
      const bytes = 6 * one.size + two.size
      expect(await mine.ledger.usage()).toEqual({ ...below, repositories: 6, bytes })
      const carols = mine.repository('team/carol')
      for (const by of ['carol', 'dave'])
        await carols.add({ kind: 'blob', descriptor: one }, { by })
      expect(await mine.ledger.usageOf('carol')).toBe(one.size)
      expect(await mine.ledger.usageOf('dave')).toBe(0)
      await carols.remove('blob', one.digest)
      expect(await mine.ledger.usageOf('carol')).toBe(0)
      await mine.forget('team')
      expect((await mine.ledger.usage('team')).bytes).toBe(below.bytes - one.size)
      expect(await mine.ledger.usage('absent')).toEqual({
        repositories: 0,
        manifests: 0,
        tags: 0,
        bytes: 0,
      })
    }))

  test(`${name}: a member that does not fit into a quota is refused, and what fits beside it is not`, () =>
    withTwo(async (mine, others) => {
      const quotas = [{ name: 'the quota of team', of: { prefix: 'team' }, bytes: one.size + 1 }]
      const add = (facts: RegistryFacts, name: string, descriptor: Descriptor) =>
        facts.repository(name).add({ kind: 'blob', descriptor }, { by: 'carol', quotas })
      const results = await Promise.allSettled([
        add(mine, 'team/a', one),
        add(others, 'team/b', one),
        add(mine, 'team/c', one),
      ])
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await mine.ledger.usage('team')).bytes).toBe(one.size)
      expect(await mine.ledger.usageOf('carol')).toBe(one.size)
      expect(add(mine, 'team/d', two)).rejects.toMatchObject({
        code: 'DENIED',
        message: expect.stringContaining('the quota of team'),
      })
      const own = { name: 'own', of: { sender: 'carol' }, bytes: 0 }
      const refused = mine
        .repository('other')
        .add({ kind: 'blob', descriptor: two }, { by: 'carol', quotas: [own] })
      expect(refused).rejects.toMatchObject({ code: 'DENIED' })
    }))
}
