import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { gzipSync } from 'node:zlib'
import { mediaType } from '#oci'
import { openRecords, type Records } from '#records'
import { decompress, toBuffer } from '#stream'
import { compressImage } from './compress.ts'
import { appendLayer } from './create.ts'
import { imageOf, putLayer } from './fixture.ts'
import { openImage } from './image.ts'

/** Records of their own in a file that goes away. */
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
      if (original === undefined) throw new TypeError('as many layers')
      expect(tar).toEqual(await toBuffer(store.read(original), 1 << 20))
      expect(records.layers.diffIdOf(layer.descriptor.digest)).toBe(layer.diffId)
      expect(records.layers.tarSizeOf(layer.diffId)).toBe(tar.length)
    }
  })
}

test('compressImage() compresses nothing twice', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  await using opened = await temporaryRecords()
  const { records } = opened
  const once = await compressImage(image, store, records)
  const events: unknown[] = []
  const again = await compressImage(image, store, records, { emit: (event) => events.push(event) })
  expect(again).toEqual(once)
  expect(events).toEqual([])
})

test('compressImage() compresses again what was collected since', async () => {
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

test('compressImage() leaves compressed layers and whole compressed images as they are', async () => {
  const { store, image } = await imageOf([])
  const layer = await putLayer(
    store,
    { a: '1' },
    { type: mediaType.ociLayerGzip, change: (tar) => gzipSync(tar) },
  )
  const history = { created_by: 'pulled' }
  const compressed = await appendLayer(store, image, layer, { history })
  await using opened = await temporaryRecords()
  expect(await compressImage(compressed, store, opened.records)).toBe(compressed.descriptor)
})

test('compressImage() hands out every layer once it is stored, without waiting for slower ones', async () => {
  const { store, image } = await imageOf([{ big: 'x'.repeat(3_000_000) }, { b: '2' }, { c: '3' }])
  await using opened = await temporaryRecords()
  const seen: string[] = []
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const descriptor = await compressImage(image, store, opened.records, {
    onLayer: async (layer) => {
      expect(await store.has(layer)).toBe(true)
      seen.push(layer.digest)
      // Ends only when every layer has come this far.
      if (seen.length === 3) release()
      await held
    },
  })
  const sent = await openImage(store, descriptor)
  expect(seen.toSorted()).toEqual(sent.layers.map((layer) => layer.descriptor.digest).toSorted())
})

test('compressImage() ends with what onLayer throws, and makes no manifest', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  await using opened = await temporaryRecords()
  const refused = compressImage(image, store, opened.records, {
    onLayer: () => Promise.reject(new Error('no room there')),
  })
  await expect(refused).rejects.toThrow('no room there')
})
