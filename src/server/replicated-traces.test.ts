import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { authFiles } from '#registry/access/open-auth'
import { blob, emptyConfig, manifest, noise } from '../registry/testing/fixtures.ts'
import { openReplicatedRegistry } from './replicated-registry.ts'
import { serveConfigured } from './serve-configured.ts'
import { type Cluster, clusterReason, startCluster } from './testing/cluster.ts'

interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly { readonly key: string; readonly value: object }[]
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
}

const layer = blob(noise(100_000))
const image = manifest({ layers: [layer.descriptor] })

describe.skipIf(clusterReason !== undefined)('the traces of a replica', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  }, 120_000)
  afterAll(() => cluster[Symbol.asyncDispose]())

  test('have the statements and object requests of each request, and those of a collection', async () => {
    const spans: SentSpan[] = []
    using collector = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      async fetch(request) {
        const body = (await request.json()) as {
          resourceSpans: { scopeSpans: { spans: SentSpan[] }[] }[]
        }
        spans.push(...(body.resourceSpans[0]?.scopeSpans[0]?.spans ?? []))
        return new Response('{}')
      },
    })
    const { bucket, database } = await cluster.createPlace()
    {
      await using served = await openReplicatedRegistry({
        bucket,
        database: { url: database, connections: 4 },
        redirects: false,
      })
      await using server = await serveConfigured(served, {
        config: {
          listen: { port: 0 },
          traces: { url: `http://127.0.0.1:${collector.port}` },
          collect: { interval: 300 },
        },
        files: authFiles({}, '/nonexistent'),
        writeLine: () => {},
      })
      const send = async (method: string, path: string, body?: Uint8Array<ArrayBuffer>) => {
        const headers = { 'Content-Type': image.descriptor.mediaType }
        const init = { method, headers, ...(body === undefined ? {} : { body }) }
        const response = await fetch(`${server.url}/v2/team/app${path}`, init)
        await response.arrayBuffer()
        return response.status
      }
      for (const { descriptor, raw } of [layer, emptyConfig]) {
        expect(await send('POST', `/blobs/uploads/?digest=${descriptor.digest}`, raw)).toBe(201)
      }
      expect(await send('PUT', '/manifests/v1', image.raw)).toBe(201)
      expect(await send('GET', `/blobs/${layer.descriptor.digest}`)).toBe(200)
      while (!spans.some(({ name }) => name === 'collection')) await Bun.sleep(50)
    }
    const named = (name: string) => spans.find((each) => each.name === name)
    const below = (parent: SentSpan | undefined) =>
      spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId)
    const push = below(named('POST upload')).map(({ name }) => name)
    expect(push).toContain('PUT object')
    expect(push).toContainEqual(expect.stringMatching(/^SELECT strake_/))
    const pull = below(named('GET blob'))
    const object = pull.find(({ name }) => name === 'GET object')
    expect(object).toMatchObject({ kind: 3, traceId: named('GET blob')?.traceId })
    const attributes = Object.fromEntries(
      (object?.attributes ?? []).map(({ key, value }) => [key, Object.values(value)[0]]),
    )
    expect(attributes).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': '200',
      'server.address': '127.0.0.1',
      'url.full': expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/[^?]+$/),
    })
    const statement = pull.find(({ name }) => name.startsWith('SELECT strake_'))
    expect(JSON.stringify(statement?.attributes)).toContain('"db.system.name"')
    expect(JSON.stringify(spans)).not.toContain('strakesecret')
    const collection = named('collection')
    expect(collection).toMatchObject({ kind: 1 })
    expect(collection?.parentSpanId).toBeUndefined()
    expect(below(collection).map(({ kind }) => kind)).toContain(3)
    for (const { startTimeUnixNano, endTimeUnixNano } of spans) {
      expect(BigInt(endTimeUnixNano) >= BigInt(startTimeUnixNano)).toBe(true)
    }
    // Every child has its parent, and nothing else is a root but requests and collections.
    for (const { parentSpanId, kind } of spans) {
      if (kind !== 3) continue
      expect(spans.some(({ spanId }) => spanId === parentSpanId)).toBe(true)
    }
  }, 60_000)
})
