import { expect, test } from 'bun:test'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { createMemoryStore } from '#content'
import { formatReference, mediaType, parseReference, toImageName } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { readTar } from '#tar'
import { openImage } from '../image.ts'
import { imageOf, putLayer, withLayer } from '../testing/fixture.ts'
import { loadArchive } from './load.ts'
import { blobName, saveImages } from './save.ts'

const names = ['app:1', 'ghcr.io/me/app:2'].map(parseReference)

async function temporary(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(`${tmpdir()}/strake-load-`)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) }
}

test('saveImages() writes an archive that loadArchive() reads, as a stream or a file, compressed or not', async () => {
  const { store, image } = await imageOf([{ 'etc/motd': 'hi' }, { b: '2' }])
  const tar = await toBuffer(saveImages(store, [{ image, names }]), 1 << 24)
  await using directory = await temporary()
  for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar)]) {
    const path = `${directory.path}/saved`
    await writeFile(path, bytes)
    for (const input of [fromBuffer(bytes), { path }]) {
      const target = createMemoryStore()
      const options = { temporaryDirectory: directory.path }
      const [loaded, ...others] = await loadArchive(input, target, options)
      expect(others).toEqual([])
      expect(loaded?.descriptor).toEqual(image.descriptor)
      expect(loaded?.names.map(String)).toEqual(names.map(formatReference))
      const opened = await openImage(target, image.descriptor)
      expect(opened.imageId).toBe(image.imageId)
      for (const layer of opened.layers) expect(await target.has(layer.descriptor)).toBe(true)
    }
    expect(await readdir(directory.path)).toEqual(['saved'])
  }
})

test('saveImages() writes shared layers once and is deterministic', async () => {
  const { store, image } = await imageOf([{ base: '1' }])
  const other = await withLayer(store, image, await putLayer(store, { top: '2' }))
  const images = [
    { image, names },
    { image: other, names: [] },
  ]
  const tar = await toBuffer(saveImages(store, images), 1 << 24)
  expect(tar).toEqual(await toBuffer(saveImages(store, images), 1 << 24))
  const paths = (await Array.fromAsync(readTar(fromBuffer(tar)))).map(({ path }) => path)
  expect(paths.slice(0, 3)).toEqual(['oci-layout', 'index.json', 'manifest.json'])
  expect(new Set(paths).size).toBe(paths.length)
  await using directory = await temporary()
  const options = { temporaryDirectory: directory.path }
  const loaded = await loadArchive(fromBuffer(tar), createMemoryStore(), options)
  expect(loaded).toEqual([
    { descriptor: image.descriptor, names: names.map((name) => toImageName(name)) },
    { descriptor: other.descriptor, names: [] },
  ])
})

test('saveImages() lists the members of an image in manifest.json', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  const tar = await toBuffer(saveImages(store, [{ image, names }]), 1 << 24)
  for await (const entry of readTar(fromBuffer(tar))) {
    if (entry.path !== 'manifest.json') continue
    const text = Buffer.from(await toBuffer(entry.body, 1 << 20)).toString()
    expect(JSON.parse(text)).toEqual([
      {
        Config: `blobs/sha256/${image.imageId.slice(7)}`,
        RepoTags: ['docker.io/library/app:1', 'ghcr.io/me/app:2'],
        Layers: image.layers.map(({ diffId }) => `blobs/sha256/${diffId.slice(7)}`),
      },
    ])
  }
})

test('saveImages() throws when a layer is not in the store', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  for (const { descriptor } of image.layers) await store.delete(descriptor)
  const saving = toBuffer(saveImages(store, [{ image, names }]), 1 << 24)
  await expect(saving).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('saveImages() keeps compressed layers as they are', async () => {
  const { store, image } = await imageOf([])
  const wrap = { type: mediaType.ociLayerGzip, change: (tar: Uint8Array) => gzipSync(tar) }
  const layer = await putLayer(store, { a: '1' }, wrap)
  const zipped = await withLayer(store, image, layer)
  await using directory = await temporary()
  const target = createMemoryStore()
  const saved = saveImages(store, [{ image: zipped, names }])
  await loadArchive(saved, target, { temporaryDirectory: directory.path })
  expect(await target.has(layer.descriptor)).toBe(true)
})

test('saveImages() adds decompressed copies of zstd layers for Docker', async () => {
  const { store, image } = await imageOf([])
  const change = (tar: Uint8Array) => zstdCompressSync(tar)
  const layer = await putLayer(store, { a: '1' }, { type: mediaType.ociLayerZstd, change })
  const packed = await withLayer(store, image, layer)
  const tar = await toBuffer(saveImages(store, [{ image: packed, names }]), 1 << 24)
  const members = await Array.fromAsync(readTar(fromBuffer(tar)), ({ path }) => path)
  expect(members).toContain(blobName(layer.diffId))
  expect(members).toContain(blobName(layer.descriptor.digest))
  await using directory = await temporary()
  const target = createMemoryStore()
  await loadArchive(fromBuffer(tar), target, { temporaryDirectory: directory.path })
  expect(await target.has(layer.descriptor)).toBe(true)
})
