import { expect, test } from 'bun:test'
import { type Descriptor, mediaType, parsePlatform, sha256 } from '#oci'
import { fromBuffer, type ProgressEvent } from '#stream'
import { copy } from './copy.ts'
import { readGraph } from './graph.ts'
import { createMemoryStore } from './memory.ts'
import type { ContentStore } from './store.ts'
import { put, putImage, putIndex } from './testing/fixture.ts'

const amd64 = { platform: { os: 'linux', architecture: 'amd64' } }
const arm64 = { platform: { os: 'linux', architecture: 'arm64' } }

/** A store that records the order of writes. */
function recording(store: ContentStore): { store: ContentStore; writes: Descriptor[] } {
  const writes: Descriptor[] = []
  return {
    writes,
    store: {
      has: (target) => store.has(target),
      read: (target, options) => store.read(target, options),
      ingest: (options) => store.ingest(options),
      delete: (target) => store.delete(target),
      write: async (expected, bytes) => {
        const outcome = await store.write(expected, bytes)
        if (outcome !== 'exists') writes.push(expected)
        return outcome
      },
    },
  }
}

test('copy() writes children before their parents, each content once', async () => {
  const source = createMemoryStore()
  const one = await putImage(source, 'one', ['base', 'one'])
  const two = await putImage(source, 'two', ['base', 'two'])
  const index = await putIndex(source, [
    { ...one, ...amd64 },
    { ...two, ...arm64 },
  ])
  const target = recording(createMemoryStore())
  expect(await copy(source, target.store, index)).toBe(index)
  const order = target.writes.map(({ digest }) => digest)
  expect(order.slice(-3)).toEqual([one.digest, two.digest, index.digest])
  expect(order.length).toBe(8)
  expect(new Set(order).size).toBe(8)
})

test('copy() does not change the bytes of manifests', async () => {
  const source = createMemoryStore()
  const config = await put(source, mediaType.ociConfig, '{}')
  const text = `{ "config":${JSON.stringify(config)},\n\t"layers":[], "x-unknown":1, "schemaVersion":2}`
  const manifest = await put(source, mediaType.ociManifest, text)
  const target = createMemoryStore()
  await copy(source, target, manifest)
  const [raw] = await Array.fromAsync(target.read(manifest))
  expect(new TextDecoder().decode(raw)).toBe(text)
})

test('copy() skips layers the target already has, with an event, and emits none for the configuration', async () => {
  const source = createMemoryStore()
  const target = createMemoryStore()
  await putImage(target, 'old', ['base'])
  const image = await putImage(source, 'new', ['base', 'top'])
  const events: ProgressEvent[] = []
  await copy(source, target, image, { emit: (event) => events.push(event) })
  const done = events.flatMap((event) =>
    event.type === 'transfer' && event.done === true ? [`${event.action} ${event.current}`] : [],
  )
  expect(done.sort()).toEqual(['download 3', 'exists 4'])
})

test('copy() with a platform copies one manifest of an index, without the index', async () => {
  const source = createMemoryStore()
  const one = await putImage(source, 'one', ['a'])
  const two = await putImage(source, 'two', ['b'])
  const inner = await putIndex(source, [{ ...two, ...arm64 }])
  const index = await putIndex(source, [
    { ...one, ...amd64 },
    { ...inner, ...arm64 },
  ])
  const target = createMemoryStore()
  const platform = parsePlatform('linux/arm64')
  const chosen = await copy(source, target, index, { platform })
  expect(chosen.digest).toBe(two.digest)
  expect((await Array.fromAsync(target.list())).length).toBe(3)
  await expect(
    copy(source, target, index, { platform: parsePlatform('linux/s390x') }),
  ).rejects.toThrow('on linux/s390x: it is made for linux/amd64, linux/arm64')
})

test('copy() skips foreign layers', async () => {
  const source = createMemoryStore()
  const config = await put(source, mediaType.ociConfig, '{}')
  const foreign = {
    mediaType: mediaType.dockerForeignLayer,
    digest: sha256('foreign'),
    size: 7,
    urls: ['https://example.com/layer'],
  }
  const manifest = { schemaVersion: 2, config, layers: [foreign] }
  const root = await put(source, mediaType.ociManifest, JSON.stringify(manifest))
  const target = createMemoryStore()
  await copy(source, target, root)
  expect(await target.has(root)).toBe(true)
})

test('copy() stores no manifest when a layer is damaged or missing', async () => {
  const source = createMemoryStore()
  const config = await put(source, mediaType.ociConfig, '{}')
  const missing = { mediaType: mediaType.ociLayer, digest: sha256('gone'), size: 4 }
  const manifest = { schemaVersion: 2, config, layers: [missing] }
  const root = await put(source, mediaType.ociManifest, JSON.stringify(manifest))
  const target = createMemoryStore()
  await expect(copy(source, target, root)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(await target.has(root)).toBe(false)
})

test('copy() refuses indexes nested deeper than four', async () => {
  const source = createMemoryStore()
  let root = await putIndex(source, [])
  for (let depth = 1; depth < 4; depth++) root = await putIndex(source, [{ ...root, ...amd64 }])
  await copy(source, createMemoryStore(), root)
  const deeper = await putIndex(source, [{ ...root, ...amd64 }])
  const refusal = 'more than 4 indexes are inside each other'
  await expect(copy(source, createMemoryStore(), deeper)).rejects.toThrow(refusal)
  const platform = parsePlatform('linux/amd64')
  await expect(copy(source, createMemoryStore(), deeper, { platform })).rejects.toThrow(refusal)
})

test('copy() refuses an index that fans out to more than 10,000 descriptors', async () => {
  const source = createMemoryStore()
  const manifests = Array.from({ length: 101 }, (_, index) => index)
  const branches = await Array.fromAsync(manifests, (branch) =>
    putIndex(
      source,
      manifests.map((leaf) => ({
        mediaType: 'application/octet-stream',
        digest: sha256(`${branch} ${leaf}`),
        size: 1,
      })),
    ),
  )
  const root = await putIndex(source, branches)
  await expect(copy(source, createMemoryStore(), root)).rejects.toThrow(
    'more than 10000 descriptors',
  )
})

test('copy() refuses one digest with two sizes', async () => {
  const source = createMemoryStore()
  const image = await putImage(source, 'one', ['a'])
  const root = await putIndex(source, [image, { ...image, size: image.size + 1 }])
  await expect(copy(source, createMemoryStore(), root)).rejects.toThrow('contradict each other')
})

test('copy() refuses a manifest larger than 4 MiB before reading it', async () => {
  const source = createMemoryStore()
  const root = { mediaType: mediaType.ociManifest, digest: sha256('x'), size: 4_194_305 }
  await expect(copy(source, createMemoryStore(), root)).rejects.toThrow('more than 4194304')
})

test('copy() throws the reason of its signal', async () => {
  const source = createMemoryStore()
  const image = await putImage(source, 'one', ['a'])
  const reason = new Error('interrupted')
  const copying = copy(source, createMemoryStore(), image, { signal: AbortSignal.abort(reason) })
  await expect(copying).rejects.toBe(reason)
})

test('copy() resumes a blob where an interrupted copy stopped', async () => {
  const source = createMemoryStore()
  const image = await putImage(source, 'one', ['0123456789'])
  const starts: (number | undefined)[] = []
  const resuming = createMemoryStore()
  const target: ContentStore = {
    has: (wanted) => resuming.has(wanted),
    read: (wanted) => resuming.read(wanted),
    ingest: (options) => resuming.ingest(options),
    delete: (wanted) => resuming.delete(wanted),
    write: async (expected, bytes, options) => {
      if (expected.size !== 10) return await resuming.write(expected, bytes)
      starts.push(4)
      const rest = await Array.fromAsync(options?.readFrom?.(4) ?? fromBuffer(new Uint8Array(0)))
      const whole = Buffer.concat([Buffer.from('0123'), ...rest])
      return await resuming.write(expected, fromBuffer(whole))
    },
  }
  const events: ProgressEvent[] = []
  await copy(source, target, image, { emit: (event) => events.push(event) })
  expect(starts).toEqual([4])
  const layerEvents = events.filter((event) => event.type === 'transfer' && event.total === 10)
  expect(layerEvents).toEqual([
    expect.objectContaining({ action: 'download', current: 10 }),
    expect.objectContaining({ action: 'download', current: 10, done: true }),
  ])
})

test('copy() skips earlier copied blobs without an event, and checks all others', async () => {
  const source = createMemoryStore()
  const root = await putImage(source, 'image', ['one', 'two'])
  const { blobs } = await readGraph(source, root)
  const [config, ...layers] = blobs
  const [first] = layers
  if (config === undefined || first === undefined)
    throw new TypeError('the image has no config or no layer')
  const target = createMemoryStore()
  await copy(source, target, first)
  const events: ProgressEvent[] = []
  const copied = new Set([first.digest])
  await copy(source, target, root, { copied, emit: (event) => events.push(event) })
  const ids = new Set(events.map((event) => ('id' in event ? event.id : undefined)))
  expect(ids).toEqual(new Set(layers.map(({ digest }) => digest)).difference(copied))
  expect(await target.has(root)).toBe(true)
})
