import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connectRegistry } from '#registry'
import { fromBuffer, toBuffer } from '#stream'
import { blob, emptyConfig, manifest, noise } from '../registry/testing/fixtures.ts'
import { openReplicatedRegistry } from './replicated-registry.ts'
import { type Cluster, clusterReason, startCluster, startReplica } from './testing/cluster.ts'
import { noLeaks, settle } from './testing/leaks.ts'
import { pullExpected, runSoak } from './testing/soak.ts'

if (clusterReason !== undefined) console.info(`skipped: outages of replicas: ${clusterReason}`)

const minute = 60_000

describe.skipIf(clusterReason !== undefined)('replicas', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 120_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  test('say that a bucket fails, serve what needs no bucket, and recover by themselves', async () => {
    const { s3 } = cluster
    const place = await cluster.createPlace()
    await using replica = await startReplica(place)
    const { raw, descriptor } = blob(noise(10_000, 4))
    const app = connectRegistry(new URL(replica.url).host, { retry: { attempts: 1 } }).repository(
      'app',
    )
    const target = manifest({ layers: [descriptor] })
    const upload = async (): Promise<Response> => {
      const url = `${replica.url}/v2/app/blobs/uploads/?digest=${descriptor.digest}`
      return await fetch(url, { method: 'POST', body: raw })
    }
    s3.intercept = async () => new Response('<Error><Code>SlowDown</Code></Error>', { status: 503 })
    const refused = await upload()
    expect(refused.status).toBe(503)
    const document = (await refused.json()) as { errors: { code: string; message: string }[] }
    expect(document.errors[0]).toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('not able to at the moment'),
    })
    expect(await app.has(descriptor)).toBe(false)
    s3.intercept = () => undefined
    expect((await upload()).status).toBe(201)
    for (const each of [emptyConfig, target]) {
      await app.write(each.descriptor, fromBuffer(each.raw))
    }
    await app.tag('v1', target.descriptor)
    s3.intercept = async () => new Response('', { status: 503 })
    expect(await app.has(descriptor)).toBe(true)
    expect((await app.resolve('v1')).digest).toBe(target.descriptor.digest)
    expect((await fetch(`${replica.url}/v2/app/blobs/${descriptor.digest}`)).status).not.toBe(200)
    s3.intercept = async () => {
      await Bun.sleep(1500)
      return undefined
    }
    expect(await toBuffer(app.read(descriptor), raw.length)).toEqual(raw)
    s3.intercept = () => undefined
  }, 120_000)

  test('lose nothing while the database restarts and the bucket fails or is slow', async () => {
    const { s3, postgres } = cluster
    const place = await cluster.createPlace()
    await using opened = new AsyncDisposableStack()
    const since = Date.now()
    const time = { epoch: since, since, speed: 30, leap: 60 * minute }
    const options = { ...place, time, collect: { keep: 15 * minute, interval: 300 } }
    const replicas = await Promise.all(
      Array.from({ length: 3 }, async () => opened.use(await startReplica(options))),
    )
    const urls = replicas.map(({ url }) => url)
    let isDone = false
    const breaking = (async () => {
      for (let round = 0; !isDone; round += 1) {
        await Bun.sleep(1000)
        if (round % 3 === 0) {
          await postgres.stop()
          await postgres.start()
        }
        const until = Date.now() + 1500
        s3.intercept = async () => {
          if (Date.now() > until) return undefined
          if (round % 3 === 1) return new Response('', { status: 503 })
          if (round % 3 === 2) await Bun.sleep(300)
          return undefined
        }
      }
      s3.intercept = () => undefined
    })()
    const { failures, expected } = await runSoak({
      ...{ urls, clients: 8, operations: 250, seed: 2, patience: 60_000 },
    })
    isDone = true
    await breaking
    expect(failures).toEqual([])
    for (const url of urls) expect(await pullExpected(url, expected)).toEqual([])
    expect(await settle(place, s3, replicas, expected)).toEqual(noLeaks)
    expect(await pullExpected(urls[0] ?? '', expected)).toEqual([])
  }, 300_000)

  test('ask a bucket that does not answer once, and not with every sweep', async () => {
    const { s3 } = cluster
    const { bucket, database } = await cluster.createPlace()
    await using served = await openReplicatedRegistry({
      ...{ bucket, database: { url: database }, redirects: false, sweepInterval: 20 },
    })
    const { raw, descriptor } = blob(noise(10_000, 5))
    await served.content.write(descriptor, fromBuffer(raw))
    const { promise: answered, resolve: answer } = Promise.withResolvers<undefined>()
    s3.intercept = async (kind) => (kind === 'DELETE' ? await answered : undefined)
    const before = s3.requests.length
    await served.content.delete(descriptor)
    await Bun.sleep(500)
    expect(s3.requests.slice(before)).toEqual(['DELETE'])
    answer(undefined)
    const { objects } = s3.bucket(bucket.bucket)
    for (let tries = 0; tries < 100 && objects.size > 0; tries += 1) await Bun.sleep(50)
    expect(objects.size).toBe(0)
    s3.intercept = () => undefined
  }, 60_000)

  test('agree about the time although their clocks are wrong', async () => {
    const place = await cluster.createPlace()
    const collect = { keep: 5 * minute, interval: 100 }
    await using early = await startReplica({
      ...{ ...place, collect, clockOffset: 20 * minute, redirects: true },
    })
    await using late = await startReplica({ ...place, collect, clockOffset: -20 * minute })
    const [one, two] = [early, late].map(({ url }) =>
      connectRegistry(new URL(url).host).repository('app'),
    )
    if (one === undefined || two === undefined) throw new TypeError('two replicas')
    const { raw, descriptor } = blob(noise(10_000, 4))
    const target = manifest({ layers: [descriptor] })
    await two.write(descriptor, fromBuffer(raw))
    // Both collect meanwhile, and nothing names the blob yet.
    await Bun.sleep(1500)
    expect(await one.has(descriptor)).toBe(true)
    for (const each of [emptyConfig, target]) {
      await one.write(each.descriptor, fromBuffer(each.raw))
    }
    await one.tag('v1', target.descriptor)
    await two.tag('v2', target.descriptor)
    await one.tag('v1', target.descriptor)
    for (const repository of [one, two]) {
      expect(await toBuffer(repository.read(descriptor), raw.length)).toEqual(raw)
    }
    for (const tag of ['v1', 'v2']) {
      const history = await fetch(`${early.url}/v2/app/_oci/tag-history/${tag}`)
      const [time] = /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(await history.text()) ?? []
      expect(Math.abs(Date.parse(time ?? '') - Date.now())).toBeLessThan(minute)
    }
  }, 60_000)
})
