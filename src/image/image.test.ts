import { expect, test } from 'bun:test'
import { createMemoryStore } from '#content'
import { encodeJson, type Manifest, mediaType, parsePlatform, sha256 } from '#oci'
import { openImage } from './image.ts'
import { imageOf, put } from './testing/fixture.ts'

const amd64 = parsePlatform('linux/amd64')

test('openImage() reads an image and computes its ID', async () => {
  const { store, image } = await imageOf([{ 'etc/motd': 'hi' }, { 'etc/other': 'ho' }])
  const opened = await openImage(store, image.descriptor)
  expect(opened).toEqual(image)
  expect(opened.imageId).toBe(sha256(opened.configRaw))
  expect(opened.descriptor.digest).toBe(sha256(opened.manifestRaw))
  expect(opened.layers.map(({ diffId }) => diffId)).toEqual(image.config.rootfs.diff_ids as never)
  expect(opened.size).toBe(image.layers.reduce((sum, { descriptor }) => sum + descriptor.size, 0))
})

test('openImage() chooses the manifest of an index for the platform', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  const manifests = [
    {
      ...image.descriptor,
      digest: sha256('other'),
      platform: { os: 'linux', architecture: 's390x' },
    },
    { ...image.descriptor, platform: { os: 'linux', architecture: 'amd64' } },
  ]
  const index = await put(
    store,
    mediaType.ociIndex,
    encodeJson({ schemaVersion: 2, mediaType: mediaType.ociIndex, manifests }),
  )
  expect((await openImage(store, index, amd64)).imageId).toBe(image.imageId)
  await expect(openImage(store, index, parsePlatform('linux/arm64'))).rejects.toThrow(
    'it is made for linux/s390x, linux/amd64',
  )
})

async function openManifest(change: (manifest: Manifest) => object): Promise<unknown> {
  const { store, image } = await imageOf([{ a: '1' }])
  const raw = encodeJson(change(image.manifest))
  return await openImage(store, await put(store, mediaType.ociManifest, raw), amd64)
}

test('openImage() refuses documents that are not an image', async () => {
  const artifact = (manifest: Manifest) => ({
    ...manifest,
    config: { ...manifest.config, mediaType: mediaType.empty },
  })
  await expect(openManifest(artifact)).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  const encrypted = (manifest: Manifest) => ({
    ...manifest,
    layers: [{ ...manifest.layers[0], mediaType: `${mediaType.ociLayer}+encrypted` }],
  })
  await expect(openManifest(encrypted)).rejects.toThrow('unknown type')
})

test('openImage() refuses a number of layers that differs from the configuration', async () => {
  const fewer = openManifest((manifest) => ({ ...manifest, layers: [] }))
  await expect(fewer).rejects.toThrow('the manifest has 0 layers, the configuration 1')
})

test('openImage() refuses more than 500 layers after reading only the manifest', async () => {
  const { store, image } = await imageOf([{ a: '1' }])
  const layers = Array.from({ length: 501 }, () => image.manifest.layers[0])
  const config = { ...image.manifest.config, digest: sha256('not there') }
  const raw = encodeJson({ ...image.manifest, config, layers })
  const descriptor = await put(store, mediaType.ociManifest, raw)
  await expect(openImage(store, descriptor, amd64)).rejects.toThrow('501 layers, more than 500')
})

test('openImage() of an absent image throws NOT_FOUND', async () => {
  const descriptor = { mediaType: mediaType.ociManifest, digest: sha256('x'), size: 1 }
  await expect(openImage(createMemoryStore(), descriptor)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})
