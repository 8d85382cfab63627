import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import type { ContentStore } from '#content'
import { ContentMismatchError, type Descriptor, mediaType, StrakeError } from '#oci'
import { openRecords, type Records } from '#records'
import { type Bytes, decompress, toBuffer, verified } from '#stream'
import { createImage } from '../create.ts'
import { openImage } from '../image.ts'
import { imageOf, putLayer, withLayer } from '../testing/fixture.ts'
import { compressImage, type ReadyLayer } from './compress.ts'

/** A store of records in a temporary file. */
async function temporaryRecords(): Promise<{ records: Records } & AsyncDisposable> {
  const directory = await mkdtemp(`${tmpdir()}/strake-compress-`)
  const records = openRecords(`${directory}/strake.db`)
  return {
    records,
    [Symbol.asyncDispose]: async () => {
      records.close()
      await rm(directory, { recursive: true })
    },
  }
}

const text = Array.from({ length: 20_000 }, (_, line) => line * line).join('\n')

/** Files of three mebibytes in total. */
const large = Object.fromEntries(
  Array.from({ length: 20 }, (_, file) => [`app/${file}`, text.slice(file * 100)]),
)

/** The same store with another `read`. */
function withRead(store: ContentStore, read: ContentStore['read']): ContentStore {
  return {
    read,
    has: (target) => store.has(target),
    write: (expected, bytes, options) => store.write(expected, bytes, options),
    ingest: (options) => store.ingest(options),
    delete: (target) => store.delete(target),
  }
}

async function* flipped(bytes: Bytes): Bytes {
  for await (const chunk of bytes)
    yield chunk.map((byte, index) => (index === 600 ? byte ^ 1 : byte))
}

for (const [compression, type] of [
  ['gzip', mediaType.ociLayerGzip],
  ['zstd', mediaType.ociLayerZstd],
] as const) {
  test(`compressImage() makes a ${compression} form with the same image ID and contents`, async () => {
    const { store, image } = await imageOf([{ 'etc/motd': 'hi'.repeat(9000) }, { b: '2' }])
    await using opened = await temporaryRecords()
    const { records } = opened
    const descriptor = await compressImage(image, store, records, { compression })
    const sent = await openImage(store, descriptor)
    expect(sent.imageId).toBe(image.imageId)
    expect(sent.manifest.layers.map((layer) => layer.mediaType)).toEqual([type, type])
    for (const [index, layer] of sent.layers.entries()) {
      const tar = await toBuffer(decompress(store.read(layer.descriptor)), 1 << 20)
      const original = image.layers[index]?.descriptor
      if (original === undefined) throw new TypeError('a layer is missing')
      expect(tar).toEqual(await toBuffer(store.read(original), 1 << 20))
      expect(records.layers.diffIdOf(layer.descriptor.digest)).toBe(layer.diffId)
      expect(records.layers.tarSizeOf(layer.diffId)).toBe(tar.length)
    }
  })
}

test('compressImage() does not compress a layer twice', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  await using opened = await temporaryRecords()
  const { records } = opened
  const once = await compressImage(image, store, records)
  const events: unknown[] = []
  const again = await compressImage(image, store, records, { emit: (event) => events.push(event) })
  expect(again).toEqual(once)
  expect(events).toEqual([])
})

test('compressImage() compresses a layer again that was collected', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  await using opened = await temporaryRecords()
  const { records } = opened
  const once = await compressImage(image, store, records)
  for (const layer of (await openImage(store, once)).layers) await store.delete(layer.descriptor)
  const again = await compressImage(image, store, records)
  expect(again).toEqual(once)
  const [layer] = (await openImage(store, again)).layers
  expect(layer !== undefined && (await store.has(layer.descriptor))).toBe(true)
})

test('compressImage() makes the same layer with and without the members of an earlier one', async () => {
  const { store, image } = await imageOf([{ ...large, z: '1' }])
  const after = await createImage(store, {
    config: { architecture: 'amd64', os: 'linux' },
    layers: [await putLayer(store, { ...large, z: '2' })],
  })
  await using opened = await temporaryRecords()
  await using others = await temporaryRecords()
  const reads: number[] = []
  const watched: ContentStore = withRead(store, (target, options = {}) => {
    if (options.end !== undefined) reads.push(options.end)
    return store.read(target, options)
  })
  await compressImage(image, watched, opened.records)
  expect(reads).toEqual([])
  const [layer] = (await openImage(store, await compressImage(after, watched, opened.records)))
    .layers
  expect(reads.length).toBeGreaterThan(1)
  if (layer === undefined) throw new TypeError('a layer is missing')
  await store.delete(layer.descriptor)
  const [anew] = (await openImage(store, await compressImage(after, store, others.records))).layers
  expect(anew).toEqual(layer)
})

test('compressImage() compresses a layer again when members of an earlier one are missing or damaged', async () => {
  const { store, image } = await imageOf([{ ...large, z: '1' }])
  const after = await createImage(store, {
    config: { architecture: 'amd64', os: 'linux' },
    layers: [await putLayer(store, { ...large, z: '2' })],
  })
  const expected = await (async () => {
    await using opened = await temporaryRecords()
    return await compressImage(after, store, opened.records)
  })()
  for (const change of [
    (_bytes: Uint8Array) => undefined,
    (bytes: Uint8Array) => bytes.subarray(0, 1000),
    (bytes: Uint8Array) => bytes.map((byte, index) => (index % 1000 === 0 ? byte ^ 1 : byte)),
  ]) {
    await using opened = await temporaryRecords()
    const [layer] = (await openImage(store, await compressImage(image, store, opened.records)))
      .layers
    const damaged: ContentStore = withRead(store, async function* (target, options = {}) {
      if (target.digest !== layer?.descriptor.digest) return yield* store.read(target, options)
      const bytes = change(await toBuffer(store.read(target), 1 << 26))
      if (bytes === undefined) throw new StrakeError('NOT_FOUND', 'Cannot read it')
      yield bytes.subarray(options.start, options.end)
    })
    expect(await compressImage(after, damaged, opened.records)).toEqual(expected)
  }
})

test('compressImage() stores nothing for a layer that does not match its diff ID', async () => {
  const { store, image } = await imageOf([large])
  await using opened = await temporaryRecords()
  const [layer] = image.layers
  const damaged: ContentStore = withRead(store, (target, options) =>
    target.digest === layer?.diffId
      ? verified(flipped(store.read(target, options)), target)
      : store.read(target, options),
  )
  const sent: Descriptor[] = []
  const onLayer = async ({ descriptor }: ReadyLayer): Promise<void> => {
    sent.push(descriptor)
  }
  const compressing = compressImage(image, damaged, opened.records, { onLayer })
  await expect(compressing).rejects.toBeInstanceOf(ContentMismatchError)
  expect(sent).toEqual([])
  expect(opened.records.layers.compressedOf(layer?.diffId ?? image.imageId)).toEqual([])
})

test('compressImage() leaves compressed layers and whole compressed images as they are', async () => {
  const { store, image } = await imageOf([])
  const layer = await putLayer(
    store,
    { a: '1' },
    { type: mediaType.ociLayerGzip, change: (tar) => gzipSync(tar) },
  )
  const history = { created_by: 'pulled' }
  const compressed = await withLayer(store, image, layer, history)
  await using opened = await temporaryRecords()
  expect(await compressImage(compressed, store, opened.records)).toBe(compressed.descriptor)
})

test('compressImage() calls onLayer for every stored layer without waiting for slower ones', async () => {
  const { store, image } = await imageOf([{ big: 'x'.repeat(3_000_000) }, { b: '2' }, { c: '3' }])
  await using opened = await temporaryRecords()
  const seen: string[] = []
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const descriptor = await compressImage(image, store, opened.records, {
    onLayer: async ({ descriptor: layer, isNew }) => {
      expect(isNew).toBe(true)
      expect(await store.has(layer)).toBe(true)
      seen.push(layer.digest)
      // Resolves only when all three layers were received.
      if (seen.length === 3) release()
      await held
    },
  })
  const sent = await openImage(store, descriptor)
  expect(seen.toSorted()).toEqual(sent.layers.map((layer) => layer.descriptor.digest).toSorted())
  const again: boolean[] = []
  const onLayer = async ({ isNew }: ReadyLayer): Promise<void> => void again.push(isNew)
  await compressImage(image, store, opened.records, { onLayer })
  expect(again).toEqual([false, false, false])
})

test('compressImage() throws the error of onLayer, and makes no manifest', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  await using opened = await temporaryRecords()
  const refused = compressImage(image, store, opened.records, {
    onLayer: () => Promise.reject(new Error('no room there')),
  })
  await expect(refused).rejects.toThrow('no room there')
})
