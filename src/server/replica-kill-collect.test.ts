import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { StrakeError } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { collect } from '../registry/collect/collect.ts'
import { blob, type Fixture, manifest } from '../registry/testing/fixtures.ts'
import { openReplicatedRegistry, type ReplicatedRegistry } from './replicated-registry.ts'
import {
  type Cluster,
  type ClusterPlace,
  clusterReason,
  startCluster,
  startReplica,
} from './testing/cluster.ts'
import { findLeaks, noLeaks, settle } from './testing/leaks.ts'
import { pullExpected, runSoak } from './testing/soak.ts'

if (clusterReason !== undefined) console.info(`skipped: killed collections: ${clusterReason}`)

const day = 86_400_000

interface Image {
  readonly manifest: Fixture
  readonly config: Fixture
  readonly layers: readonly Fixture[]
}

/** An image with a layer of its own and one that all have. */
function imageOf(name: string): Image {
  const layers = [blob(`layer of ${name}`), blob('common layer')]
  const config = blob(JSON.stringify({ name }), 'application/vnd.oci.image.config.v1+json')
  const all = layers.map(({ descriptor }) => descriptor)
  return { config, layers, manifest: manifest({ config: config.descriptor, layers: all }) }
}

type Step = 'query' | 'request' | 'answer'

/** Opens a replica that calls `note` before each statement and around each object request. */
async function openAt(
  { bucket, database }: ClusterPlace,
  clock: { readonly at: number },
  note: (step: Step) => void = () => {},
): Promise<ReplicatedRegistry> {
  return await openReplicatedRegistry({
    bucket: {
      ...bucket,
      async fetch(url, init) {
        note('request')
        const answer = await fetch(url, init)
        note('answer')
        return answer
      },
    },
    database: { url: database, connections: 2, now: () => clock.at, onQuery: () => note('query') },
    redirects: false,
    sweepInterval: day,
    timeout: 1000,
  })
}

/** Makes everything fail from one step on, as for others the death of the process would. */
function dieAt(step: Step, count: number) {
  let left = Number.POSITIVE_INFINITY
  return {
    begin() {
      left = count
    },
    isDead: () => left <= 0,
    note(each: Step) {
      if (left <= 0) throw new StrakeError('INTERNAL', 'the process has ended')
      if (each === step) left -= 1
      if (left <= 0) throw new StrakeError('INTERNAL', 'the process has ended')
    },
  }
}

/** The first round removes manifests, and the second what only they named. */
async function collectAll(served: ReplicatedRegistry, clock: { at: number }): Promise<void> {
  const limits = { keepManifests: day, keepBlobs: day, now: () => clock.at }
  for (let round = 0; round < 2; round += 1) {
    clock.at += 2 * day
    await collect(served.facts.collection, served.content, limits)
    await served.content.sweep(day)
  }
}

describe.skipIf(clusterReason !== undefined)('a replica that is killed in a collection', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 120_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  for (const step of ['query', 'request', 'answer'] as const) {
    test(`at any ${step} loses nothing, and the next collection goes on`, async () => {
      const place = await cluster.createPlace()
      const clock = { at: Date.now() }
      await using keeper = await openAt(place, clock)
      const push = async (name: string, tag: string, image: Image): Promise<void> => {
        const repository = keeper.registry.repository(name)
        for (const { descriptor, raw } of [...image.layers, image.config, image.manifest]) {
          await repository.write(descriptor, fromBuffer(raw))
        }
        await repository.tag(tag, image.manifest.descriptor)
      }
      const remove = (name: string, image: Image): Promise<void> =>
        keeper.registry.repository(name).delete(image.manifest.descriptor)
      const check = async (name: string, image: Image): Promise<void> => {
        for (const { descriptor, raw } of [image.manifest, ...image.layers, image.config]) {
          const found = keeper.registry.repository(name).read(descriptor)
          expect(Buffer.from(await toBuffer(found, raw.length)).equals(raw)).toBe(true)
        }
      }
      const kept = imageOf('kept')
      await push('app', 'v1', kept)
      const expected = [{ repository: 'app', tag: 'v1', image: kept }]
      let count = 0
      for (let isWhole = false; !isWhole; ) {
        count += 1
        const gone = imageOf(`gone ${count}`)
        for (const name of ['app', 'other']) {
          await push(name, 'old', gone)
          await remove(name, gone)
        }
        const death = dieAt(step, count)
        await using dying = await openAt(place, clock, death.note)
        death.begin()
        isWhole = await collectAll(dying, clock).then(
          () => true,
          () => false,
        )
        expect(death.isDead()).toBe(!isWhole)
        // What was being collected can be pushed again at once.
        await push('app', 'again', gone)
        await check('app', gone)
        await remove('app', gone)
        await check('app', kept)
        await collectAll(keeper, clock)
        expect(await findLeaks(place, cluster.s3, expected)).toEqual(noLeaks)
      }
      await check('app', kept)
      expect(count).toBeGreaterThan(step === 'query' ? 20 : 3)
    }, 400_000)
  }

  test('with another one at the same moment: the rest serve on, and lose nothing', async () => {
    const place = await cluster.createPlace()
    const since = Date.now()
    const time = { epoch: since, since, speed: 30, leap: day }
    const options = { ...place, time, collect: { keep: day / 24, interval: 200 } }
    await using opened = new AsyncDisposableStack()
    const replicas = await Promise.all(
      Array.from({ length: 4 }, async () => opened.use(await startReplica(options))),
    )
    const [first, second, ...rest] = replicas
    let isDone = false
    const soak = runSoak({
      ...{ urls: replicas.map(({ url }) => url), clients: 8, operations: 600, seed: 5 },
      ...{ patience: 60_000 },
      onProgress() {},
    }).finally(() => {
      isDone = true
    })
    await Bun.sleep(2000)
    expect(isDone).toBe(false)
    for (const each of [first, second]) each?.child.kill('SIGKILL')
    const { failures, expected } = await soak
    expect(failures).toEqual([])
    for (const { url } of rest) expect(await pullExpected(url, expected)).toEqual([])
    expect(await settle(place, cluster.s3, rest, expected)).toEqual(noLeaks)
    for (const { url } of rest) expect(await pullExpected(url, expected)).toEqual([])
  }, 400_000)
})
