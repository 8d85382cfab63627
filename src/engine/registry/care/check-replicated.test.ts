import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rm } from 'node:fs/promises'
import type { Digest } from '#oci'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { fromBuffer } from '#stream'
import { blob, manifest, noise } from '../../../registry/testing/fixtures.ts'
import { type Cluster, clusterReason, startCluster } from '../../../server/testing/cluster.ts'
import { createRegistryToken, registryTokens, revokeRegistryToken } from '../tokens.ts'
import { checkStoredRegistry } from './check-stored.ts'
import { openTestReplica } from './testing/replica.ts'

const layers = [blob(noise(10_000, 1)), blob(noise(30_000, 2)), blob(noise(500, 3))] as const
const image = manifest({ layers: layers.map(({ descriptor }) => descriptor) })

describe.skipIf(clusterReason !== undefined)('a registry in a bucket', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 120_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  const openFilled = async () => {
    const replica = await openTestReplica(cluster)
    await replica.push('team/app', 'latest', layers)
    const keyOf = async (digest: Digest): Promise<string> =>
      (await replica.served.facts.objects.look(digest))?.key ?? ''
    return { ...replica, keyOf }
  }

  const check = async (
    { engine, config }: Awaited<ReturnType<typeof openFilled>>,
    options: { repair?: boolean; from?: readonly string[] } = {},
  ) => await Array.fromAsync(checkStoredRegistry(engine, { config, ...options }))

  test('is proved, and repaired from another registry while it serves', async () => {
    await using place = await openFilled()
    const { served, objects, keyOf } = place
    expect(await check(place)).toEqual([])
    const [absent, damaged, unlinked] = layers.map(({ descriptor }) => descriptor.digest) as [
      Digest,
      Digest,
      Digest,
    ]
    objects.delete(await keyOf(absent))
    const key = await keyOf(damaged)
    const stored = objects.get(key)
    if (stored === undefined) throw new TypeError('no object')
    const bytes = stored.bytes.slice()
    bytes[7] = (bytes[7] ?? 0) ^ 1
    objects.set(key, { ...stored, bytes })
    await served.facts.repository('team/app').remove('blob', unlinked)
    const faults = (await check(place)).map(({ problem, digest }) => `${problem} ${digest}`)
    expect(faults.sort()).toEqual([
      `absent ${absent}`,
      `damaged ${damaged}`,
      `incomplete ${image.descriptor.digest}`,
    ])
    const memory = createMemoryRegistry()
    const source = memory.repository('team/app')
    for (const { descriptor, raw } of layers) await source.write(descriptor, fromBuffer(raw))
    using server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: createRegistryHandler(memory) as (request: Request) => Promise<Response>,
    })
    const from = [`http://127.0.0.1:${server.port}`]
    const repaired = await check(place, { repair: true, from })
    expect(repaired.map(({ isRepaired }) => isRepaired)).toEqual([true, true, true])
    expect(await check(place)).toEqual([])
    await served.content.sweep(1_000_000)
    const aside = [...objects.keys()].filter((name) => name.startsWith('damaged/'))
    expect(aside).toEqual([expect.stringContaining(damaged.replace(':', '-'))])
    expect(Buffer.from(objects.get(aside[0] ?? '')?.bytes ?? []).equals(bytes)).toBe(true)
    expect(objects.has(key)).toBe(false)
  }, 60_000)

  test('has the tokens that commands make, and replicas know them at once', async () => {
    await using place = await openFilled()
    const { config, served } = place
    const options = { config, root: async () => place.engine.root }
    const made = await createRegistryToken(options, { robot: 'ci', label: 'deploy' })
    expect(await served.auth?.tokens?.find(made.id)).toMatchObject({ owner: 'ci', kind: 'robot' })
    expect(await registryTokens(options)).toMatchObject([{ id: made.id }])
    await revokeRegistryToken(options, made.id)
    expect(await served.auth?.tokens?.find(made.id)).toBeUndefined()
    await rm(config)
  }, 60_000)
})
