import { expect, test } from 'bun:test'
import { chainIds } from '#oci'
import type { Records } from '#records'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import type { ProgressEvent } from '#stream'
import { removeImage } from '../collect/remove.ts'
import { push } from '../push/push.ts'
import { pruneImages } from '../store/prune-images.ts'
import { addTestImage, blobsOf, openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { ensureUnpacked } from './ensure-unpacked.ts'
import { getImage } from './find-image.ts'
import { listImages } from './images.ts'
import { pull } from './pull.ts'
import { tagLog } from './tag.ts'

const isRoot = process.getuid?.() === 0

/** Two stores and a registry between them, without a network. */
async function openPair(): Promise<
  AsyncDisposable & { readonly from: TestEngine; readonly to: TestEngine; readonly log: string[] }
> {
  const log: string[] = []
  const handle = createRegistryHandler(createMemoryRegistry())
  const fetch = async (request: Request): Promise<Response> => {
    log.push(`${request.method} ${new URL(request.url).pathname}`)
    return await handle(request)
  }
  const [from, to] = [await openTestEngine({ fetch }), await openTestEngine({ fetch })]
  const dispose = async (): Promise<void> => {
    await from[Symbol.asyncDispose]()
    await to[Symbol.asyncDispose]()
  }
  return { from, to, log, [Symbol.asyncDispose]: dispose }
}

test('pull() fetches the image that push() sent, with the same image ID', async () => {
  await using pair = await openPair()
  const { imageId } = await addTestImage(pair.from, { names: ['localhost:1/app:1'] })
  const pushed = await push(pair.from, 'localhost:1/app:1')
  const pulled = await pull(pair.to, 'localhost:1/app:1')
  expect(pulled).toMatchObject({ imageId, digest: pushed.digest, upToDate: false })
  const event = { type: 'image', actor: imageId, attributes: { name: 'localhost:1/app:1' } }
  expect(pair.from.records.events.list()).toMatchObject([{ ...event, action: 'push' }])
  expect(pair.to.records.events.list()).toMatchObject([{ ...event, action: 'pull' }])
  const [row] = await listImages(pair.to, { all: false })
  expect(row).toMatchObject({ repository: 'localhost:1/app', tag: '1', digest: pushed.digest })
})

/** The requests of a log, with one word for every digest and every upload session. */
function requestsOf({ log }: { readonly log: readonly string[] }): readonly string[] {
  return log.map((line) =>
    line
      .replace(/sha256:[0-9a-f]{64}$/, 'DIGEST')
      .replace(/uploads\/[0-9a-f]+$/, 'uploads/SESSION')
      .replace('/v2/app/', ''),
  )
}

test('push() sends one HEAD request for every blob and manifest', async () => {
  await using pair = await openPair()
  await addTestImage(pair.from, { names: ['localhost:1/app'] })
  await push(pair.from, 'localhost:1/app')
  const blob = ['HEAD blobs/DIGEST', 'POST blobs/uploads/', 'PUT blobs/uploads/SESSION']
  const manifest = ['HEAD manifests/DIGEST', 'PUT manifests/DIGEST', 'PUT manifests/latest']
  expect(requestsOf(pair)).toEqual([...blob, ...blob, ...manifest])
  pair.log.length = 0
  await push(pair.from, 'localhost:1/app')
  expect(requestsOf(pair)).toEqual([
    'HEAD blobs/DIGEST',
    'HEAD blobs/DIGEST',
    'HEAD manifests/DIGEST',
    'GET manifests/DIGEST',
    'PUT manifests/latest',
  ])
})

test('push() compresses nothing for a registry that refuses it', async () => {
  const refuse = async (): Promise<Response> => new Response(null, { status: 403 })
  await using engine = await openTestEngine({ fetch: refuse })
  await addTestImage(engine, { names: ['localhost:1/app'] })
  const before = await blobsOf(engine)
  await expect(push(engine, 'localhost:1/app')).rejects.toMatchObject({ code: 'DENIED' })
  expect(await blobsOf(engine)).toEqual(before)
})

test('pull() fetches each manifest, config and layer once', async () => {
  await using pair = await openPair()
  await addTestImage(pair.from, { names: ['localhost:1/app'] })
  await push(pair.from, 'localhost:1/app')
  pair.log.length = 0
  await pull(pair.to, 'localhost:1/app')
  expect(requestsOf(pair)).toEqual([
    'HEAD manifests/latest',
    'GET manifests/DIGEST',
    'GET blobs/DIGEST',
    'GET blobs/DIGEST',
  ])
})

test('pull() holds one lease from its first request to its last record', async () => {
  await using pair = await openPair()
  await addTestImage(pair.from, { names: ['localhost:1/app'] })
  await push(pair.from, 'localhost:1/app')
  const { records } = pair.to
  const purposes: string[] = []
  const leases: Records['leases'] = {
    ...records.leases,
    async acquire(options) {
      purposes.push(options.purpose)
      return await records.leases.acquire(options)
    },
  }
  await pull({ ...pair.to, records: { ...records, leases } }, 'localhost:1/app')
  expect(purposes).toEqual(['pull localhost:1/app:latest'])
})

test('a second pull() fetches nothing and returns upToDate', async () => {
  await using pair = await openPair()
  await addTestImage(pair.from, { names: ['localhost:1/app'] })
  await push(pair.from, 'localhost:1/app')
  await pull(pair.to, 'localhost:1/app')
  pair.log.length = 0
  expect((await pull(pair.to, 'localhost:1/app')).upToDate).toBe(true)
  expect(pair.log.filter((line) => line.includes('/blobs/'))).toEqual([])
})

test('pull() by digest sets no tag', async () => {
  await using pair = await openPair()
  await addTestImage(pair.from, { names: ['localhost:1/app'] })
  const { digest } = await push(pair.from, 'localhost:1/app')
  await pull(pair.to, `localhost:1/app@${digest}`)
  const [row] = await listImages(pair.to, { all: false })
  expect(row).toMatchObject({ repository: 'localhost:1/app', tag: '<none>' })
})

test('pull() moves a changed name, and keeps the old image without a name', async () => {
  await using pair = await openPair()
  const first = await addTestImage(pair.from, { names: ['localhost:1/app'] })
  await push(pair.from, 'localhost:1/app')
  await pull(pair.to, 'localhost:1/app')
  await addTestImage(pair.from, { names: ['localhost:1/app'], layers: [{ b: '2' }] })
  await push(pair.from, 'localhost:1/app')
  await pull(pair.to, 'localhost:1/app')
  expect(await tagLog(pair.to, 'localhost:1/app')).toHaveLength(2)
  expect(pair.to.records.images.findByPrefix(first.imageId)).toHaveLength(1)
})

test('pull() of an absent name leaves nothing in the store', async () => {
  await using pair = await openPair()
  await expect(pull(pair.to, 'localhost:1/absent')).rejects.toMatchObject({
    code: expect.stringMatching(/UNKNOWN|NOT_FOUND/),
  })
  expect(await blobsOf(pair.to)).toEqual([])
  expect(pair.to.records.tags.list()).toEqual([])
})

/** The IDs by which transfers were shown, without repetitions. */
function shown(events: readonly ProgressEvent[]): readonly string[] {
  return [...new Set(events.flatMap((event) => (event.type === 'transfer' ? [event.id] : [])))]
}

test('push() and pull() report every layer under one ID, and nothing else', async () => {
  await using pair = await openPair()
  const layers = [{ a: '1' }, { b: '2' }]
  const image = await addTestImage(pair.from, { names: ['localhost:1/app'], layers })
  const sent: ProgressEvent[] = []
  await push(pair.from, 'localhost:1/app', { emit: (event) => sent.push(event) })
  expect(shown(sent).toSorted()).toEqual(image.layers.map(({ diffId }) => diffId).toSorted())
  const received: ProgressEvent[] = []
  await pull(pair.to, 'localhost:1/app', { emit: (event) => received.push(event) })
  const { image: found } = getImage(pair.to.records, 'localhost:1/app')
  const pulled = await pair.to.openImage(found)
  expect(shown(received).toSorted()).toEqual(
    pulled.layers.map(({ descriptor }) => descriptor.digest).toSorted(),
  )
})

test('pull() emits the progress of transfers', async () => {
  await using pair = await openPair()
  await addTestImage(pair.from, { names: ['localhost:1/app'] })
  await push(pair.from, 'localhost:1/app')
  const events: ProgressEvent[] = []
  await pull(pair.to, 'localhost:1/app', { emit: (event) => events.push(event) })
  expect(events[0]).toEqual({
    type: 'status',
    message: 'latest: Pulling from localhost:1/app',
  })
  const done = events.filter((event) => event.type === 'transfer' && event.done)
  expect(done.length).toBeGreaterThanOrEqual(1)
})

test('push() mounts blobs that the registry has in another repository', async () => {
  await using pair = await openPair()
  await addTestImage(pair.from, { names: ['localhost:1/one', 'localhost:1/two'] })
  await push(pair.from, 'localhost:1/one')
  pair.log.length = 0
  await push(pair.from, 'localhost:1/two')
  expect(pair.log.filter((line) => line.startsWith('PATCH'))).toEqual([])
})

test('push() refuses a digest and an absent image', async () => {
  await using pair = await openPair()
  const digest = `localhost:1/app@sha256:${'a'.repeat(64)}`
  await expect(push(pair.from, digest)).rejects.toThrow('a push needs a tag, not a digest')
  await expect(push(pair.from, 'localhost:1/absent')).rejects.toThrow('No such image')
})

test('pull() fetches a removed image again', async () => {
  await using pair = await openPair()
  await addTestImage(pair.from, { names: ['localhost:1/app'] })
  await push(pair.from, 'localhost:1/app')
  await pull(pair.to, 'localhost:1/app')
  await removeImage(pair.to, 'localhost:1/app')
  expect(await blobsOf(pair.to)).toEqual([])
  expect((await pull(pair.to, 'localhost:1/app')).upToDate).toBe(false)
})

for (const snapshotter of ['erofs', 'directory'].filter((kind) => kind !== 'erofs' || isRoot)) {
  test(`an image has the same size from every source, with ${snapshotter} snapshots`, async () => {
    const handle = createRegistryHandler(createMemoryRegistry())
    await using engine = await openTestEngine({ fetch: handle, snapshotter })
    const layers = [{ text: 'compresses well '.repeat(10_000) }]
    const { imageId } = await addTestImage(engine, { names: ['app', 'localhost:1/app'], layers })
    await ensureUnpacked(engine, await engine.openImage(getImage(engine.records, 'app').image))
    await push(engine, 'localhost:1/app')
    // The cache record keeps the file system when the image is removed.
    const { config } = await engine.openImage(getImage(engine.records, 'app').image)
    engine.records.cache.put('step', { chain: chainIds(config.rootfs.diff_ids).at(-1) })
    const before = await listImages(engine)
    for (const { repository } of before) await removeImage(engine, repository)
    await pruneImages(engine)
    await pull(engine, 'localhost:1/app')
    const rows = [...before, ...(await listImages(engine))]
    expect(rows.map(({ id }) => id)).toEqual([imageId, imageId, imageId])
    expect(rows[0]?.size).toBeGreaterThan(160_000)
    expect(new Set(rows.map(({ size }) => size)).size).toBe(1)
  })
}
