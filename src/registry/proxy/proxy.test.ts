import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { type ContentStore, createMemoryStore, openDirectoryStore } from '#content'
import { type Digest, StrakeError } from '#oci'
import { mkdtempDisposable } from '#platform'
import { fromBuffer } from '#stream'
import { connectRegistry } from '../client/connect.ts'
import type { FetchHandler, Repository } from '../registry.ts'
import { createRegistryHandler } from '../server/handler.ts'
import type { RegistryFacts } from '../store/facts.ts'
import { createLocalRegistry } from '../store/local.ts'
import { createMemoryFacts, createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, type Fixture, manifest, noise } from '../testing/fixtures.ts'
import { createProxy } from './create-proxy.ts'

const layer = blob(noise(100_000))
const image = manifest({ layers: [layer.descriptor] })

/** An upstream whose requests are counted, and which a test can break. */
async function openRig({
  store = createMemoryStore(),
  facts = createMemoryFacts(),
  ...options
}: {
  readonly facts?: RegistryFacts
  readonly mirror?: string
  readonly patience?: number
  readonly store?: ContentStore
} = {}) {
  const origin = createMemoryRegistry()
  const push = async (tag: string, target: Fixture): Promise<void> => {
    const repository = origin.repository('library/app')
    for (const { descriptor, raw } of [emptyConfig, layer, target]) {
      await repository.write(descriptor, fromBuffer(raw))
    }
    await repository.tag(tag, target.descriptor)
  }
  await push('v1', image)
  const handler = createRegistryHandler(origin)
  const requests: string[] = []
  const rig = { answer: undefined as FetchHandler | undefined, clock: 1_000_000 }
  const fetch = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url)
    if (pathname !== '/v2/')
      requests.push(`${request.method} ${pathname.split('/').slice(3).join('/')}`)
    return await (rig.answer ?? handler)(request)
  }
  const local = createLocalRegistry(store, facts)
  const upstream = {
    prefix: 'docker.io',
    registry: connectRegistry('docker.io', { fetch, retry: { attempts: 1 } }),
    ttl: 1000,
  }
  const proxy = createProxy(local, { upstreams: [upstream], now: () => rig.clock, ...options })
  const taken = (): string[] => requests.splice(0)
  return {
    proxy,
    local,
    push,
    rig,
    taken,
    serve: createRegistryHandler(proxy, { isCached: (name) => name === 'docker.io' }),
  }
}

const readAll = async (repository: Repository, { descriptor }: Fixture) =>
  Buffer.concat(await Array.fromAsync(repository.read(descriptor), (chunk) => Buffer.from(chunk)))

test('createProxy() asks the upstream as often as a client would, and never again', async () => {
  const { proxy, taken } = await openRig()
  const app = proxy.repository('docker.io/library/app')
  expect(await app.readManifest('v1')).toEqual({ descriptor: image.descriptor, raw: image.raw })
  expect(await app.resolveBlob(layer.descriptor.digest)).toMatchObject({ size: layer.raw.length })
  expect(await readAll(app, layer)).toEqual(Buffer.from(layer.raw))
  expect(taken()).toEqual(['GET app/manifests/v1', `GET app/blobs/${layer.descriptor.digest}`])
  expect((await app.readManifest('v1')).descriptor).toEqual(image.descriptor)
  expect((await app.readManifest(image.descriptor.digest)).raw).toEqual(image.raw)
  expect(await app.resolve('v1')).toEqual(image.descriptor)
  expect(await readAll(app, layer)).toEqual(Buffer.from(layer.raw))
  expect(taken()).toEqual([])
})

test('createProxy() asks for a tag by HEAD when it is older than the TTL', async () => {
  const { proxy, taken, rig, push } = await openRig()
  const app = proxy.repository('docker.io/app')
  await app.readManifest('v1')
  taken()
  rig.clock += 1000
  expect((await app.readManifest('v1')).descriptor).toEqual(image.descriptor)
  expect(taken()).toEqual(['HEAD app/manifests/v1'])
  const next = manifest({ layers: [layer.descriptor], annotations: { next: '1' } })
  await push('v1', next)
  expect((await app.readManifest('v1')).descriptor).toEqual(image.descriptor)
  rig.clock += 1000
  expect((await app.readManifest('v1')).descriptor).toEqual(next.descriptor)
  expect(taken()).toEqual(['HEAD app/manifests/v1', `GET app/manifests/${next.descriptor.digest}`])
  expect(await app.resolve('v1')).toEqual(next.descriptor)
})

test('a tag that was asked for by HEAD is kept with the manifest that is then pulled by digest', async () => {
  const { proxy, taken, rig } = await openRig()
  const app = proxy.repository('docker.io/library/app')
  const { digest } = await app.resolve('v1')
  expect(await app.resolve('v1')).toEqual(image.descriptor)
  await app.readManifest(digest)
  expect(taken()).toEqual(['HEAD app/manifests/v1', `GET app/manifests/${digest}`])
  rig.answer = async () => new Response(null, { status: 503 })
  rig.clock += 1_000_000
  expect(await app.resolve('v1')).toEqual(image.descriptor)
  const asked = taken().length
  // An upstream that cannot be asked is left alone for a while.
  expect((await app.readManifest('v1')).raw).toEqual(image.raw)
  expect([asked > 0, taken()]).toEqual([true, []])
})

const stores: Readonly<Record<string, (root: string) => Promise<ContentStore>>> = {
  memory: async () => createMemoryStore(),
  directory: openDirectoryStore,
}

/** A test for a store that shows blobs while they come, and for one that does not. */
function testStores(name: string, work: (store: ContentStore) => Promise<void>): void {
  for (const [kind, open] of Object.entries(stores)) {
    test(`${name} (${kind})`, async () => {
      await using place = await mkdtempDisposable(tmpdir(), 'strake-proxy-')
      await work(await open(place.path))
    })
  }
}

testStores(
  'a hundred askers share one request, also for a blob that is still coming',
  async (store) => {
    const { proxy, taken } = await openRig({ store })
    const app = proxy.repository('docker.io/library/app')
    const all = Array.from({ length: 100 })
    const found = await Promise.all(all.map(() => app.readManifest('v1')))
    expect(new Set(found.map(({ descriptor }) => descriptor.digest)).size).toBe(1)
    const read = await Promise.all(all.map(() => readAll(app, layer)))
    for (const bytes of read) expect(bytes.equals(layer.raw)).toBe(true)
    const part = app.read(layer.descriptor, { start: 10, end: 20 })
    expect(Buffer.concat(await Array.fromAsync(part))).toEqual(
      Buffer.from(layer.raw.subarray(10, 20)),
    )
    expect(taken()).toEqual(['GET app/manifests/v1', `GET app/blobs/${layer.descriptor.digest}`])
  },
)

const failures: Readonly<Record<string, FetchHandler>> = {
  'answers 429': async () => new Response(null, { status: 429 }),
  'answers 503': async () => new Response(null, { status: 503 }),
  'refuses the login': async () => new Response(null, { status: 403 }),
  'cannot be reached': async () => {
    throw new TypeError('no such host')
  },
}

for (const [failure, answer] of Object.entries(failures)) {
  test(`what is cached is served, with its age, when the upstream ${failure}`, async () => {
    const { serve, rig } = await openRig()
    const url = 'http://localhost/v2/docker.io/library/app/manifests/v1'
    const fresh = await serve(new Request(url))
    expect([fresh.status, fresh.headers.get('Warning')]).toEqual([200, null])
    rig.clock += 70_000
    rig.answer = answer
    const stale = await serve(new Request(url))
    expect(stale.status).toBe(200)
    expect(new Uint8Array(await stale.arrayBuffer())).toEqual(image.raw)
    expect(stale.headers.get('Warning')).toStartWith('110 ')
    expect(stale.headers.get('Age')).toBe('70')
    const absent = await serve(new Request(url.replace('v1', 'v2')))
    expect(absent.status).toBeGreaterThanOrEqual(400)
    expect(absent.status).not.toBe(401)
  })
}

test('a refusal of the upstream names its credentials, and a refusal of the cache does not', async () => {
  const full = 'Cannot add it: the quota of docker.io is 10 bytes, and 10 are used'
  const facts = createMemoryFacts()
  const isFull = { value: true }
  const { proxy, serve, rig } = await openRig({
    facts: {
      ...facts,
      repository: (name) => {
        const own = facts.repository(name)
        const add = own.add.bind(own)
        return Object.assign(own, {
          add: async (...member: Parameters<typeof add>) => {
            if (isFull.value) throw new StrakeError('DENIED', full)
            await add(...member)
          },
        })
      },
    },
  })
  const answered = async (path: string) => {
    const answer = await serve(new Request(`http://localhost/v2/docker.io/library/app/${path}`))
    return [answer.status, await answer.text()]
  }
  expect(await answered('manifests/v1')).toEqual([403, expect.stringContaining(full)])
  const app = proxy.repository('docker.io/library/app')
  expect(readAll(app, layer)).rejects.toMatchObject({ code: 'DENIED', message: full })
  await readAll(app, layer).catch(() => {})
  isFull.value = false
  for (const status of [401, 403]) {
    rig.answer = async () => new Response(null, { status })
    const refused = [403, expect.stringContaining('it refuses the credentials of this registry')]
    expect(await answered('manifests/v1')).toEqual(refused)
    expect(await answered(`manifests/${image.descriptor.digest}`)).toEqual(refused)
  }
  const Location = 'https://10.0.0.9/secret'
  rig.answer = async () => new Response(null, { status: 307, headers: { Location } })
  const [status, text] = await answered('manifests/v1')
  expect(status).toBe(503)
  expect(text).not.toContain('10.0.0.9')
})

test('a silent upstream gets no more than its time, and its requests end', async () => {
  const { serve, proxy, rig } = await openRig({ patience: 50 })
  const ended: string[] = []
  const silent: FetchHandler = (request) =>
    new Promise((_, reject) => {
      request.signal.addEventListener('abort', () => {
        ended.push(new URL(request.url).pathname.split('/').at(-2) ?? '')
        reject(request.signal.reason)
      })
    })
  rig.answer = silent
  const { digest } = layer.descriptor
  const base = 'http://localhost/v2/docker.io/library/app'
  for (const path of ['manifests/v1', `manifests/${image.descriptor.digest}`, `blobs/${digest}`]) {
    expect([path, (await serve(new Request(`${base}/${path}`))).status]).toEqual([path, 503])
  }
  expect(ended).toEqual(['manifests', 'manifests', 'blobs'])
  const app = proxy.repository('docker.io/library/app')
  rig.answer = undefined
  await app.readManifest('v1')
  rig.answer = silent
  const reading = readAll(app, layer)
  expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  await reading.catch(() => {})
  // After its beginning a transfer may be slower than that.
  rig.answer = async () => {
    const half = layer.raw.length / 2
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(layer.raw.slice(0, half))
        await Bun.sleep(200)
        controller.enqueue(layer.raw.slice(half))
        controller.close()
      },
    })
    return new Response(body, { headers: { 'Content-Length': String(layer.raw.length) } })
  }
  expect((await readAll(app, layer)).equals(layer.raw)).toBe(true)
})

testStores('a lying upstream ends the transfer, and nothing of it is kept', async (store) => {
  const { proxy, local, rig } = await openRig({ store })
  const app = proxy.repository('docker.io/library/app')
  await app.readManifest('v1')
  const wrong = Buffer.from(layer.raw)
  wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1
  rig.answer = async () =>
    new Response(wrong, { headers: { 'Content-Length': String(wrong.length) } })
  const { descriptor } = layer
  let received = 0
  const reading = (async () => {
    for await (const chunk of app.read(descriptor)) received += chunk.length
  })()
  expect(reading).rejects.toThrow()
  await reading.catch(() => {})
  expect(received).toBeLessThan(descriptor.size)
  expect(await local.repository(app.name).has(descriptor)).toBe(false)
  rig.answer = undefined
  expect((await readAll(app, layer)).equals(layer.raw)).toBe(true)
})

test('what the upstream lacks is asked for once in a while, and a tag that it removed goes', async () => {
  const { proxy, taken, rig } = await openRig()
  const app = proxy.repository('docker.io/library/app')
  for (let count = 0; count < 3; count += 1) {
    expect(app.readManifest('v9')).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' })
    await app.readManifest('v9').catch(() => {})
  }
  expect(new Set(taken())).toEqual(new Set(['GET app/manifests/v9']))
  await app.readManifest('v1')
  rig.clock += 60_000
  rig.answer = async () => new Response(null, { status: 404 })
  expect(app.resolve('v1')).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' })
  await app.resolve('v1').catch(() => {})
  rig.answer = async () => new Response(null, { status: 503 })
  rig.clock += 60_000
  expect(app.resolve('v1')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  expect((await app.readManifest(image.descriptor.digest)).raw).toEqual(image.raw)
})

test('pushed repositories stay as they are, and a cache cannot be changed', async () => {
  const { proxy } = await openRig()
  const own = proxy.repository('team/app')
  await own.write(layer.descriptor, fromBuffer(layer.raw))
  expect(await own.has(layer.descriptor)).toBe(true)
  expect(own.readManifest('v1')).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' })
  const cache = proxy.repository('docker.io/library/app')
  expect(cache.write(layer.descriptor, fromBuffer(layer.raw))).rejects.toMatchObject({
    code: 'DENIED',
  })
  expect(cache.tag('v2', image.descriptor)).rejects.toMatchObject({ code: 'DENIED' })
})

test('clients of a mirror reach the cache by ns, and by the bare name', async () => {
  const { serve, taken } = await openRig({ mirror: 'docker.io' })
  for (const path of ['app/manifests/v1?ns=docker.io', 'library/app/manifests/v1']) {
    expect((await serve(new Request(`http://localhost/v2/${path}`))).status).toBe(200)
  }
  expect(taken()).toEqual(['GET app/manifests/v1'])
  const foreign = await serve(new Request('http://localhost/v2/app2/manifests/v1?ns=evil.example'))
  expect(foreign.status).toBe(404)
  const unknown: Digest = `sha256:${'0'.repeat(64)}`
  const absent = await serve(new Request(`http://localhost/v2/team/x/blobs/${unknown}`))
  expect(absent.status).toBe(404)
})

test('createProxy() shares no transfer between two upstreams', async () => {
  const origin = createMemoryRegistry()
  const good = origin.repository('app')
  for (const { descriptor, raw } of [emptyConfig, layer, image]) {
    await good.write(descriptor, fromBuffer(raw))
  }
  const handler = createRegistryHandler(origin)
  const serving = Promise.withResolvers<void>()
  // It names the blob of the other one, and lets everybody wait for its bytes.
  const hostile = async (request: Request): Promise<Response> => {
    if (request.method !== 'GET' || !request.url.includes('/blobs/')) return handler(request)
    serving.resolve()
    return new Response(new ReadableStream())
  }
  const upstream = (prefix: string, fetch: (request: Request) => Promise<Response>) => ({
    prefix,
    registry: connectRegistry(prefix, { fetch, retry: { attempts: 1 } }),
    ttl: 1000,
  })
  const local = createLocalRegistry(createMemoryStore(), createMemoryFacts())
  const proxy = createProxy(local, {
    upstreams: [
      upstream('good.test', (request) => handler(request)),
      upstream('evil.test', hostile),
    ],
  })
  const blobs = proxy.repository('evil.test/app').read(layer.descriptor)
  const first = blobs[Symbol.asyncIterator]().next()
  first.catch(() => {})
  await serving.promise
  expect(await readAll(proxy.repository('good.test/app'), layer)).toEqual(Buffer.from(layer.raw))
})

test('createProxy() passes images on when the database of the cache has no space', async () => {
  const memory = createMemoryFacts()
  const full = (): Promise<never> =>
    Promise.reject(Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' }))
  const facts: RegistryFacts = {
    repository: (name) => Object.assign(memory.repository(name), { add: full, setTag: full }),
    repositories: () => memory.repositories(),
    forget: (name) => memory.forget(name),
    holders: (digest) => memory.holders(digest),
  }
  const { proxy } = await openRig({ facts })
  const app = proxy.repository('docker.io/library/app')
  expect((await app.readManifest('v1')).raw).toEqual(image.raw)
  expect(await app.resolve('v1')).toEqual(image.descriptor)
  expect(app.readManifest('v2')).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' })
  const small = emptyConfig
  expect(await readAll(app, small)).toEqual(Buffer.from(small.raw))
})

test('a mirror gives nothing to a sender whose rules refuse the name of the cache', async () => {
  const { proxy, taken } = await openRig({ mirror: 'docker.io' })
  const asked: string[] = []
  const mayPull = (repository: string): boolean => {
    asked.push(repository)
    return false
  }
  const refused = proxy.repository('library/app', { mayPull })
  for (const read of [refused.readManifest('v1'), refused.resolve('v1')]) {
    const error = await read.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'NAME_UNKNOWN' })
  }
  expect(new Set(asked)).toEqual(new Set(['docker.io/library/app']))
  expect(taken()).toEqual([])
  const allowed = proxy.repository('library/app', { mayPull: () => true })
  expect((await allowed.readManifest('v1')).descriptor).toEqual(image.descriptor)
})
