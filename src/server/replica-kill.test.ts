import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connectRegistry, type Repository } from '#registry'
import { fromBuffer, toBuffer } from '#stream'
import { blob, type Fixture, manifest, noise } from '../registry/testing/fixtures.ts'
import {
  type Cluster,
  type ClusterPlace,
  clusterReason,
  type Replica,
  startCluster,
  startReplica,
} from './testing/cluster.ts'
import { noLeaks, settle } from './testing/leaks.ts'
import type { ReplicaOptions } from './testing/replica.ts'

if (clusterReason !== undefined) console.info(`skipped: killed replicas: ${clusterReason}`)

const day = 86_400_000
const configType = 'application/vnd.oci.image.config.v1+json'
const layerType = 'application/vnd.oci.image.layer.v1.tar'

interface Pushed {
  readonly manifest: Fixture
  readonly blobs: readonly Fixture[]
}

/** An image that no other has content of. */
function imageOf(name: string, size: number): Pushed {
  const seed = [...name].reduce((sum, char) => (sum * 31 + char.charCodeAt(0)) % 1_000_003, 7)
  const layer = blob(noise(size, seed), layerType)
  const config = blob(JSON.stringify({ name }), configType)
  const target = manifest({ config: config.descriptor, layers: [layer.descriptor] })
  return { manifest: target, blobs: [layer, config] }
}

const clientOf = (url: string, attempts: number): ReturnType<typeof connectRegistry> =>
  connectRegistry(new URL(url).host, { retry: { attempts } })

/** Pushes an image and calls `onDone` after each answer. */
async function push(
  repository: Repository,
  { manifest: target, blobs }: Pushed,
  onDone: (fixture: Fixture) => void = () => {},
): Promise<void> {
  for (const fixture of [...blobs, target]) {
    await repository.write(fixture.descriptor, fromBuffer(fixture.raw))
    onDone(fixture)
  }
  await repository.tag('v1', target.descriptor)
}

describe.skipIf(clusterReason !== undefined)('a replica that is killed in a push', () => {
  let cluster: Cluster
  let place: ClusterPlace
  let options: ReplicaOptions
  let other: Replica
  const pushed: { readonly repository: string; readonly tag: string; readonly image: Pushed }[] = []

  beforeAll(async () => {
    cluster = await startCluster()
    place = await cluster.createPlace()
    const since = Date.now()
    const time = { epoch: since, since, speed: 1, leap: 2 * day }
    options = { ...place, time, collect: { keep: day, interval: 300 } }
    other = await startReplica(options)
  }, 120_000)
  afterAll(async () => {
    await other[Symbol.asyncDispose]()
    await cluster[Symbol.asyncDispose]()
  })

  /** Pushes through replicas that die at the first, the second and so on of their steps. */
  const killAtEach = async (
    step: 'query' | 'request' | 'answer',
    size: number,
  ): Promise<number> => {
    for (let count = 1; ; count += 1) {
      const name = `kill/${step}-${size}-${count}`
      const image = imageOf(name, size)
      await using dying = await startReplica({ ...options, killAt: { step, count } })
      await dying.count()
      const done: Fixture[] = []
      const isWhole = await push(clientOf(dying.url, 1).repository(name), image, (fixture) =>
        done.push(fixture),
      ).then(
        () => true,
        () => false,
      )
      if (isWhole) {
        pushed.push({ repository: name, tag: 'v1', image })
        return count - 1
      }
      expect(await dying.child.exited).toBe(137)
      const repository = clientOf(other.url, 1).repository(name)
      for (const { descriptor } of done) expect(await repository.has(descriptor)).toBe(true)
      await push(repository, image)
      expect((await repository.resolve('v1')).digest).toBe(image.manifest.descriptor.digest)
      for (const { descriptor, raw } of [image.manifest, ...image.blobs]) {
        const found = await toBuffer(repository.read(descriptor), raw.length)
        expect(Buffer.from(found).equals(raw)).toBe(true)
      }
      pushed.push({ repository: name, tag: 'v1', image })
    }
  }

  test('before any of its statements: the retry on another replica succeeds', async () => {
    expect(await killAtEach('query', 20_000)).toBeGreaterThan(10)
  }, 300_000)

  test('before and after any of its object requests, also of a layer in parts', async () => {
    expect(await killAtEach('request', 9_000_000)).toBeGreaterThan(4)
    expect(await killAtEach('answer', 9_000_000)).toBeGreaterThan(4)
  }, 300_000)

  test('in the middle of an upload: another replica continues after what was acknowledged', async () => {
    const { raw, descriptor } = blob(noise(12_000_000, 77))
    const cuts = [0, 5_000_000, 10_000_000, raw.length]
    const part = (at: number) => ({
      method: 'PATCH',
      headers: { 'Content-Range': `${cuts[at]}-${(cuts[at + 1] ?? 0) - 1}` },
      body: raw.subarray(cuts[at], cuts[at + 1]),
    })
    const base = '/v2/continued/app/blobs/uploads/'
    for (const step of ['query', 'request', 'answer'] as const) {
      const killAt = { step, count: 3 }
      await using dying = await startReplica({ ...options, killAt })
      const begun = await fetch(`${dying.url}${base}`, { method: 'POST' })
      const location = begun.headers.get('Location') ?? ''
      const first = await fetch(`${dying.url}${location}`, part(0))
      expect(first.status).toBe(202)
      await dying.count()
      await fetch(`${dying.url}${location}`, part(1)).catch(() => {})
      await fetch(`${dying.url}${location}`, part(1)).catch(() => {})
      expect(await dying.child.exited).toBe(137)
      const state = await fetch(`${other.url}${location}`)
      expect(state.status).toBe(204)
      const end = Number(/-(\d+)$/.exec(state.headers.get('Range') ?? '')?.[1]) + 1
      expect(end).toBeGreaterThanOrEqual(5_000_000)
      const rest = raw.subarray(end)
      const url = `${other.url}${location}?digest=${descriptor.digest}`
      expect((await fetch(url, { method: 'PUT', body: rest })).status).toBe(201)
      const repository = clientOf(other.url, 1).repository('continued/app')
      expect(await toBuffer(repository.read(descriptor), raw.length)).toEqual(raw)
      await repository.delete(descriptor)
    }
  }, 120_000)

  test('and afterwards nothing is left of the pushes that were cut', async () => {
    const expected = pushed.map(({ image, ...rest }) => {
      const [layer, config] = image.blobs as [Fixture, Fixture]
      return { ...rest, image: { manifest: image.manifest, config, layers: [layer] } }
    })
    expect(await settle(place, cluster.s3, [other], expected)).toEqual(noLeaks)
  }, 120_000)
})
