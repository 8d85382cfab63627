import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectRegistry, type Repository } from '#registry'
import { fromBuffer, toBuffer } from '#stream'
import {
  findPostgres,
  type PostgresServer,
  startPostgres,
} from '../facts/testing/postgres-server.ts'
import { testRegistry } from '../registry/testing/contract.ts'
import { blob, emptyConfig, type Fixture, manifest, noise } from '../registry/testing/fixtures.ts'
import { serveRegistry } from './registry.ts'
import { openReplicatedRegistry, type ReplicatedOptions } from './replicated-registry.ts'

const programs = findPostgres()
const gateway = join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', 'versitygw')
const reason =
  programs === undefined
    ? 'PostgreSQL is not installed'
    : existsSync(gateway)
      ? undefined
      : 'versitygw is not built'
if (reason !== undefined) console.info(`skipped: replicated registry: ${reason}`)

describe.skipIf(reason !== undefined)('replicas over PostgreSQL and S3', () => {
  const root = mkdtempSync(join(tmpdir(), 'strake-replicas-'))
  let postgres: PostgresServer
  let s3: Bun.Subprocess
  let endpoint: string
  let count = 0

  beforeAll(async () => {
    postgres = await startPostgres(programs ?? '')
    const port = freePort()
    endpoint = `http://127.0.0.1:${port}`
    for (const name of ['data', 'meta']) mkdirSync(join(root, name))
    s3 = Bun.spawn(
      [
        ...[gateway, '--port', `127.0.0.1:${port}`, '--region', 'us-east-1', '--quiet'],
        ...['posix', '--sidecar', join(root, 'meta'), join(root, 'data')],
      ],
      {
        env: { ROOT_ACCESS_KEY: 'strake', ROOT_SECRET_KEY: 'strakesecret' },
        stdout: 'ignore',
        stderr: 'ignore',
      },
    )
    for (let tries = 0; tries < 100; tries += 1) {
      if (
        await fetch(endpoint).then(
          () => true,
          () => false,
        )
      )
        return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }, 120_000)
  afterAll(async () => {
    s3.kill()
    await s3.exited
    await postgres[Symbol.asyncDispose]()
    rmSync(root, { recursive: true, force: true })
  })

  /** A new database and an empty bucket. */
  const createPlace = async (redirects = false): Promise<ReplicatedOptions> => {
    count += 1
    const bucket = `bucket${count}`
    mkdirSync(join(root, 'data', bucket))
    const credentials = { accessKeyId: 'strake', secretAccessKey: 'strakesecret' }
    return {
      bucket: { bucket, region: 'us-east-1', endpoint, usesPath: true, credentials },
      database: { url: await postgres.createDatabase(), connections: 4 },
      redirects,
    }
  }

  /** Replicas, each with a client. */
  const serve = async (place: ReplicatedOptions, replicas: number) => {
    const opened = new AsyncDisposableStack()
    const all = []
    for (let n = 0; n < replicas; n += 1) {
      const served = opened.use(await openReplicatedRegistry(place))
      const server = opened.use(await serveRegistry(served, { port: 0 }))
      all.push({ served, url: server.url, client: connectRegistry(new URL(server.url).host) })
    }
    return { all, [Symbol.asyncDispose]: () => opened.disposeAsync() }
  }

  testRegistry('a replicated registry', async () => {
    const served = await openReplicatedRegistry(await createPlace())
    return { registry: served.registry, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
  })

  const push = async (repository: Repository, tag: string, layers: readonly Fixture[]) => {
    const target = manifest({ layers: layers.map(({ descriptor }) => descriptor) })
    for (const { descriptor, raw } of [emptyConfig, ...layers, target]) {
      await repository.write(descriptor, fromBuffer(raw))
    }
    await repository.tag(tag, target.descriptor)
    return target
  }

  test('what one replica has received another serves, and an upload goes through all', async () => {
    await using cluster = await serve(await createPlace(), 3)
    const [one, two, three] = cluster.all
    if (one === undefined || two === undefined || three === undefined) throw new TypeError('few')
    const layer = blob(noise(300_000, 5))
    const target = await push(one.client.repository('team/app'), 'v1', [layer])
    const app = three.client.repository('team/app')
    expect((await app.resolve('v1')).digest).toBe(target.descriptor.digest)
    expect(await toBuffer(app.read(layer.descriptor), layer.raw.length)).toEqual(layer.raw)

    const large = blob(noise(12_000_000, 9))
    const begun = await fetch(`${one.url}/v2/team/app/blobs/uploads/`, { method: 'POST' })
    let location = begun.headers.get('Location') ?? ''
    const cuts = [0, 4_000_000, 9_000_000, large.raw.length]
    for (const [at, { url }] of [one, two, three].entries()) {
      const body = large.raw.subarray(cuts[at], cuts[at + 1])
      const headers = { 'Content-Range': `${cuts[at]}-${(cuts[at + 1] ?? 0) - 1}` }
      const answer = await fetch(`${url}${location}`, { method: 'PATCH', headers, body })
      expect(answer.status).toBe(202)
      location = answer.headers.get('Location') ?? ''
    }
    const put = `${two.url}${location}?digest=${large.descriptor.digest}`
    expect((await fetch(put, { method: 'PUT' })).status).toBe(201)
    expect(await toBuffer(app.read(large.descriptor), large.raw.length)).toEqual(large.raw)
  }, 60_000)

  test('a client is sent to the bucket when the configuration says so', async () => {
    await using cluster = await serve(await createPlace(true), 1)
    const [one] = cluster.all
    if (one === undefined) throw new TypeError('none')
    const layer = blob(noise(50_000, 3))
    await push(one.client.repository('app'), 'v1', [layer])
    const url = `${one.url}/v2/app/blobs/${layer.descriptor.digest}`
    const answer = await fetch(url, { redirect: 'manual' })
    expect(answer.status).toBe(307)
    const direct = await fetch(answer.headers.get('Location') ?? '')
    expect(new Uint8Array(await direct.arrayBuffer())).toEqual(layer.raw)
  }, 60_000)

  test('a database that is restarted fails requests honestly and is used again by itself', async () => {
    await using cluster = await serve(await createPlace(), 2)
    const [one, two] = cluster.all
    if (one === undefined || two === undefined) throw new TypeError('few')
    const target = await push(one.client.repository('app'), 'v1', [])
    await postgres.stop()
    await postgres.start()
    const statuses = new Set<number>()
    for (let tries = 0; tries < 100 && !statuses.has(200); tries += 1) {
      const answer = await fetch(`${two.url}/v2/app/manifests/v1`)
      statuses.add(answer.status)
      if (answer.status !== 200) await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect([...statuses].filter((status) => status !== 503)).toEqual([200])
    const found = await two.client.repository('app').readManifest('v1')
    expect(found.descriptor.digest).toBe(target.descriptor.digest)
  }, 120_000)

  test('the cost of a push does not depend on the size of the registry', async () => {
    const place = await createPlace()
    const cost = { queries: 0, objects: 0 }
    const counted: ReplicatedOptions = {
      ...place,
      database: { ...place.database, onQuery: () => (cost.queries += 1) },
      bucket: {
        ...place.bucket,
        fetch: (url, init) => {
          cost.objects += 1
          return fetch(url, init)
        },
      },
    }
    await using served = await openReplicatedRegistry(counted)
    const measure = async (name: string) => {
      Object.assign(cost, { queries: 0, objects: 0 })
      await push(served.registry.repository(name), 'v1', [blob(`layer of ${name}`)])
      return { ...cost }
    }
    await measure('warm/up')
    const first = await measure('first/app')
    // The layer and the manifest are objects; the config is there already.
    expect(first.objects).toBe(2)
    await served.facts.postgres.execute(
      `INSERT INTO strake_repositories (name, created_at)
         SELECT 'filler/' || n, 0 FROM generate_series(1, 20000) n;
       INSERT INTO strake_members (repository, kind, digest, media_type, size, added_at)
         SELECT id, 0, 'sha256:' || md5(name) || md5(name), 'a/b', 1, 0 FROM strake_repositories`,
    )
    expect(await measure('last/app')).toEqual(first)
  }, 60_000)
})

function freePort(): number {
  using listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  return listener.port
}
