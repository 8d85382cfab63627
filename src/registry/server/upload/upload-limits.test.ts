import { expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDirectoryStore } from '#content'
import { StrakeError } from '#oci'
import { toReadableStream } from '#stream'
import { createDirectoryUploads } from '../../store/directory/directory-uploads.ts'
import { createLocalRegistry } from '../../store/local.ts'
import { createMemoryFacts, createMemoryRegistry } from '../../store/memory.ts'
import { createMemoryUploads, type UploadFacts } from '../../store/uploads.ts'
import { blob, noise } from '../../testing/fixtures.ts'
import type { RegistryHandlerOptions } from '../context.ts'
import { createRegistryHandler, type RegistryHandler } from '../handler.ts'

const content = blob(noise(100_000))
const { digest } = content.descriptor

type Init = RequestInit & { readonly address?: string }

function callsOf(handler: RegistryHandler) {
  const call = (method: string, path: string, { address = 'a', ...init }: Init = {}) => {
    const request = new Request(`http://localhost:5000${path}`, { ...init, method } as RequestInit)
    return handler(request, { address })
  }
  const start = async (address?: string): Promise<string> => {
    const response = await call('POST', '/v2/app/blobs/uploads/', { ...(address && { address }) })
    expect(response.status).toBe(202)
    return response.headers.get('Location') ?? ''
  }
  const status = async (location: string): Promise<number> => (await call('GET', location)).status
  return { call, start, status }
}

const open = (options: RegistryHandlerOptions) =>
  callsOf(createRegistryHandler(createMemoryRegistry(), options))

test('the upload that is idle for longest is dropped for a new one', async () => {
  const { call, start, status } = open({ maxUploads: 3 })
  const [first, second, third] = [await start(), await start(), await start()]
  // The first was used again, so the second is idle for longest.
  await call('PATCH', first, { body: content.raw.slice(0, 10) })
  const fourth = await start()
  expect(await Promise.all([first, second, third, fourth].map(status))).toEqual([
    204, 404, 204, 204,
  ])
})

test('an upload that another server continues is not dropped, and one that it ended makes room', async () => {
  const uploads = { ...createMemoryUploads(), isShared: true }
  const registry = createMemoryRegistry()
  const servers = [1, 2].map(() =>
    callsOf(createRegistryHandler(registry, { uploads, maxUploads: 3 })),
  )
  const [one, two] = servers
  if (one === undefined || two === undefined) throw new TypeError('two servers')
  const continued = await one.start()
  const ended = await one.start()
  const idle = await one.start()
  expect((await two.call('PATCH', continued, { body: content.raw.slice(0, 10) })).status).toBe(202)
  expect((await two.call('DELETE', ended)).status).toBe(204)
  const further = [await one.start(), await one.start()]
  expect(await Promise.all([continued, ended, idle, ...further].map(two.status))).toEqual([
    204, 404, 404, 204, 204,
  ])
})

test('a client cannot displace the uploads of another client', async () => {
  const { start, status } = open({ maxUploads: 100, maxUploadsPerClient: 10 })
  const others = await start('other')
  const first = await start('abandoning')
  for (let count = 0; count < 1000; count += 1) await start('abandoning')
  expect(await status(others)).toBe(204)
  expect(await status(first)).toBe(404)
})

test('an upload in use is never dropped, and a new one is answered 429', async () => {
  const { call, start } = open({ maxUploads: 1 })
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  async function* slow(): AsyncGenerator<Uint8Array> {
    yield content.raw.slice(0, 4)
    await released
    yield content.raw.slice(4)
  }
  const location = await start()
  const writing = call('PATCH', location, { body: toReadableStream(slow()) })
  while ((await call('GET', location)).headers.get('Range') !== '0-3') await Bun.sleep(1)
  const refused = await call('POST', '/v2/app/blobs/uploads/')
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([429, '10'])
  release()
  expect((await writing).status).toBe(202)
  expect((await call('PUT', `${location}?digest=${digest}`)).status).toBe(201)
})

test('an upload is forgotten after its lifetime, and not while it is used', async () => {
  let now = 0
  const { call, start, status } = open({ uploadLifetime: 100_000, now: () => now })
  const [used, silent] = [await start(), await start()]
  now = 90_000
  await call('PATCH', used, { body: content.raw })
  now = 110_000
  expect([await status(used), await status(silent)]).toEqual([204, 404])
})

interface Place extends AsyncDisposable {
  readonly root: string
  /** Makes a server over the same storage. */
  serve(options?: RegistryHandlerOptions): Promise<RegistryHandler>
}

async function openPlace(): Promise<Place> {
  const root = await mkdtemp(join(tmpdir(), 'strake-uploads-'))
  const facts = createMemoryFacts()
  return {
    root,
    async serve(options) {
      const blobs = await openDirectoryStore(join(root, 'store'))
      const uploads = createDirectoryUploads(join(root, 'uploads'))
      return createRegistryHandler(createLocalRegistry(blobs, facts), { uploads, ...options })
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  }
}

test('an upload of twenty chunks survives a new server after each chunk', async () => {
  await using place = await openPlace()
  const size = content.raw.length / 20
  let location = ''
  for (let piece = 0; piece < 20; piece += 1) {
    await using handler = await place.serve()
    const { call, start } = callsOf(handler)
    if (piece === 0) location = await start()
    const from = piece * size
    const status = await call('GET', location)
    expect(status.headers.get('Range')).toBe(`0-${Math.max(0, from - 1)}`)
    const patched = await call('PATCH', location, {
      body: content.raw.slice(from, from + size),
      headers: { 'Content-Range': `${from}-${from + size - 1}` },
    })
    expect(patched.status).toBe(202)
    if (piece < 19) continue
    expect((await call('PUT', `${location}?digest=${digest}`)).status).toBe(201)
    const stored = await call('GET', `/v2/app/blobs/${digest}`)
    expect(await stored.bytes()).toEqual(content.raw)
  }
  expect(await readdir(join(place.root, 'uploads'))).toEqual([])
  expect(await readdir(join(place.root, 'store', 'ingest'))).toEqual([])
})

test('uploads of earlier servers count, and old ones are removed', async () => {
  await using place = await openPlace()
  const left: string[] = []
  {
    await using handler = await place.serve({ now: () => 1000 })
    const { call, start } = callsOf(handler)
    for (let count = 0; count < 3; count += 1) left.push(await start())
    await call('PATCH', left[0] ?? '', { body: content.raw })
  }
  const limits = { maxUploads: 3, uploadLifetime: 5000 }
  await using handler = await place.serve({ now: () => 2000, ...limits })
  const { start, status } = callsOf(handler)
  await start()
  expect((await Promise.all(left.map(status))).sort()).toEqual([204, 204, 404])
  // An upload that another server has open is kept.
  await using beside = await place.serve({ now: () => 9000, ...limits })
  await callsOf(beside).start()
  expect((await readdir(join(place.root, 'store', 'ingest'))).length).toBe(1)
  await handler[Symbol.asyncDispose]()
  await using later = await place.serve({ now: () => 9000, uploadLifetime: 5000 })
  await callsOf(later).start()
  // The two uploads of the servers that still run.
  expect((await readdir(join(place.root, 'uploads'))).length).toBe(2)
  expect(await readdir(join(place.root, 'store', 'ingest'))).toEqual([])
})

test('an upload without bytes has no file, and few idle uploads have a descriptor', async () => {
  await using place = await openPlace()
  await using handler = await place.serve()
  const { call, start } = callsOf(handler)
  const before = (await readdir('/proc/self/fd')).length
  const begun = await Promise.all(Array.from({ length: 100 }, () => start()))
  expect(await readdir(join(place.root, 'store', 'ingest'))).toEqual([])
  for (const location of begun) await call('PATCH', location, { body: content.raw.slice(0, 100) })
  expect((await readdir('/proc/self/fd')).length - before).toBeLessThan(40)
  for (const location of begun) {
    const rest = { body: content.raw.slice(100) }
    expect((await call('PUT', `${location}?digest=${digest}`, rest)).status).toBe(201)
  }
})

test('a blob above the limit is refused with 413, announced or not', async () => {
  const { call, start, status } = open({ maxBlobSize: 50_000 })
  const whole = await call('POST', `/v2/app/blobs/uploads/?digest=${digest}`, { body: content.raw })
  expect([whole.status, await whole.json()]).toMatchObject([
    413,
    { errors: [{ code: 'SIZE_INVALID', message: expect.stringContaining('at most 50000 bytes') }] },
  ])
  const location = await start()
  const half = content.raw.slice(0, 40_000)
  expect((await call('PATCH', location, { body: half })).status).toBe(202)
  const body = toReadableStream(
    (async function* () {
      yield half
    })(),
  )
  expect((await call('PATCH', location, { body })).status).toBe(413)
  expect(await status(location)).toBe(404)
})

test('a database that fails at the first upload does not fail later ones', async () => {
  let isDown = true
  const uploads = createMemoryUploads()
  const failing: UploadFacts = {
    ...uploads,
    async *list() {
      if (isDown) throw new StrakeError('UNAVAILABLE', 'Cannot use the database')
      yield* uploads.list()
    },
    async put(upload) {
      if (isDown) throw new StrakeError('UNAVAILABLE', 'Cannot use the database')
      await uploads.put(upload)
    },
  }
  const handler = createRegistryHandler(createMemoryRegistry(), { uploads: failing })
  const { call, start } = callsOf(handler)
  const refused = await call('POST', '/v2/app/blobs/uploads/')
  expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '10'])
  isDown = false
  await start()
  isDown = true
  expect((await call('POST', '/v2/app/blobs/uploads/')).status).toBe(503)
  expect(handler.uploads()).toBe(1)
})

test('the state of an upload is the same for all who ask at once', async () => {
  const registry = createMemoryRegistry()
  const uploads = { ...createMemoryUploads(), isShared: true }
  const first = createRegistryHandler(registry, { uploads })
  const one = callsOf(first)
  const two = callsOf(createRegistryHandler(registry, { uploads }))
  const location = await one.start()
  const { status } = await one.call('PATCH', location, { body: content.raw.slice(0, 10) })
  expect(status).toBe(202)
  await first[Symbol.asyncDispose]()
  const states = await Promise.all(Array.from({ length: 4 }, () => two.call('GET', location)))
  const seen = states.map((state) => [state.status, state.headers.get('Range')])
  expect(seen).toEqual(Array.from({ length: 4 }, () => [204, '0-9']))
})
