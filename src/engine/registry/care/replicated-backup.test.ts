import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import { openStoredRegistry, type ServedRegistry } from '#server'
import { blob, noise } from '../../../registry/testing/fixtures.ts'
import { type Cluster, clusterReason, startCluster } from '../../../server/testing/cluster.ts'
import { createRegistryToken, registryTokens } from '../tokens.ts'
import {
  addRegistryUser,
  registryUsers,
  removeRegistryUser,
  setRegistryPassword,
} from '../users.ts'
import { backUpRegistry, restoreRegistry } from './backup-registry.ts'
import { checkStoredRegistry } from './check-stored.ts'
import { openTestReplica, type TestReplica } from './testing/replica.ts'

const layers = [blob(noise(10_000, 1)), blob(noise(9_000_000, 2))] as const

describe.skipIf(clusterReason !== undefined)('a backup of a registry in a bucket', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 120_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  /** What a registry says about its repositories. */
  const factsOf = async ({ facts }: Pick<ServedRegistry, 'facts'>) => {
    const names = await Array.fromAsync(facts.repositories())
    const tags = await Array.fromAsync(names, (name) => Array.fromAsync(facts.ledger.tags(name)))
    const members = await Array.fromAsync(names, async (name) => [
      ...(await Array.fromAsync(facts.ledger.members(name, 'blob'))),
      ...(await Array.fromAsync(facts.ledger.members(name, 'manifest'))),
    ])
    const moves = await facts.ledger.tagMoves('team/app', 'v1', { limit: 100 })
    const usage = [await facts.ledger.usage(), await facts.ledger.usage('team')]
    return { names, tags, members, moves, usage }
  }

  const faultsOf = async ({ engine }: TestReplica, options: object) =>
    await Array.fromAsync(checkStoredRegistry(engine, options))

  test('is restored into a directory, and into another bucket and database', async () => {
    await using first = await openTestReplica(cluster)
    const { engine, config, served } = first
    await first.push('team/app', 'v1', [layers[0]])
    const image = await first.push('team/app', 'v1', layers)
    await first.push('007', 'v1', [layers[0]])
    const place = { config, root: async () => engine.root }
    const { id } = await createRegistryToken(place, { robot: 'ci' })
    await addRegistryUser(place, 'alice', 'alice-secret')
    const backup = `${engine.directory}/backup`
    const report = await backUpRegistry(engine, backup, { config })
    expect(report).toMatchObject({ blobs: 5, added: 5, removed: 0, absent: [] })
    const wanted = await factsOf(served)
    expect(wanted.moves).toHaveLength(2)

    const directory = `${engine.directory}/restored`
    expect(await restoreRegistry(backup, { storage: directory })).toMatchObject({ faulty: [] })
    expect(await faultsOf(first, { storage: directory })).toEqual([])
    await using stored = await openStoredRegistry(directory)
    expect(await factsOf(stored)).toEqual(wanted)

    await using second = await openTestReplica(cluster)
    const restored = await restoreRegistry(backup, { config: second.config })
    expect(restored).toMatchObject({ blobs: 5, faulty: [] })
    expect(await factsOf(second.served)).toEqual(wanted)
    expect(await faultsOf(second, { config: second.config })).toEqual([])
    const tokens = await registryTokens({ ...place, config: second.config })
    expect(tokens.map((token) => token.id)).toEqual([id])
    const inSecond = { ...place, config: second.config }
    expect(await registryUsers(inSecond)).toEqual(['alice'])
    const [found] = await second.served.facts.users.list()
    expect(found).toEqual((await served.facts.users.list())[0])
    expect(await registryUsers({ ...place, config: undefined, storage: directory })).toEqual([
      'alice',
    ])
    // The user who was restored is changed and removed by commands.
    await setRegistryPassword(inSecond, 'alice', 'another-secret')
    expect(await second.served.facts.users.list()).not.toEqual([found])
    await removeRegistryUser(inSecond, 'alice')
    expect(await second.served.facts.users.list()).toEqual([])
    const again = restoreRegistry(backup, { config: second.config })
    await expect(again).rejects.toMatchObject({ code: 'CONFLICT' })

    // What comes later gets numbers of its own.
    await second.push('new/app', 'v1', [layers[0]])
    await second.served.facts.repository('team/app').setTag('v1', undefined)
    const [removal] = await second.served.facts.ledger.tagMoves('team/app', 'v1', { limit: 1 })
    expect(removal).toMatchObject({ previous: image.descriptor.digest })
  }, 120_000)

  test('takes only what is new, and is whole while clients push', async () => {
    await using replica = await openTestReplica(cluster)
    const { engine, config } = replica
    const backup = `${engine.directory}/backup`
    let isDone = false
    const pushing = (async () => {
      for (let seed = 10; seed < 25; seed += 1) {
        await replica.push('team/app', `v${seed}`, [blob(noise(2000 + seed, seed))])
      }
      isDone = true
    })()
    for (let round = 0; !isDone; round += 1) {
      expect((await backUpRegistry(engine, backup, { config })).absent).toEqual([])
      const storage = `${engine.directory}/restored-${round}`
      expect(await restoreRegistry(backup, { storage })).toMatchObject({ faulty: [] })
      expect(await faultsOf(replica, { storage })).toEqual([])
      await rm(storage, { recursive: true })
    }
    await pushing
    await backUpRegistry(engine, backup, { config })
    expect(await backUpRegistry(engine, backup, { config })).toMatchObject({ added: 0, removed: 0 })
  }, 120_000)

  test('says what the bucket has lost', async () => {
    await using replica = await openTestReplica(cluster)
    const { engine, config, objects, served } = replica
    await replica.push('team/app', 'v1', [layers[0]])
    const { digest } = layers[0].descriptor
    objects.delete((await served.facts.objects.look(digest))?.key ?? '')
    const { absent } = await backUpRegistry(engine, `${engine.directory}/backup`, { config })
    expect(absent).toEqual([digest])
  }, 60_000)
})
