import { expect, test } from 'bun:test'
import { type Descriptor, encodeJson, mediaType } from '#oci'
import { createMemoryStore } from './memory.ts'
import { selectManifest } from './select-manifest.ts'
import type { ContentStore } from './store.ts'
import { put, putIndex } from './testing/fixture.ts'

const amd64 = { os: 'linux', architecture: 'amd64' }

async function putFor(store: ContentStore, architecture: string): Promise<Descriptor> {
  const text = { os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: [] } }
  const config = await put(store, mediaType.ociConfig, encodeJson(text))
  return await putManifest(store, config)
}

async function putManifest(store: ContentStore, config: Descriptor): Promise<Descriptor> {
  const manifest = { schemaVersion: 2, mediaType: mediaType.ociManifest, config, layers: [] }
  return await put(store, mediaType.ociManifest, encodeJson(manifest))
}

test('selectManifest() returns the first manifest without a platform whose config fits', async () => {
  const store = createMemoryStore()
  const [arm, amd, s390] = [
    await putFor(store, 'arm64'),
    await putFor(store, 'amd64'),
    await putFor(store, 's390x'),
  ]
  const artifact = await putManifest(store, await put(store, mediaType.empty, '{}'))
  const index = await putIndex(store, [artifact, arm, amd, s390])
  expect(await selectManifest(store, index, amd64)).toEqual(amd)
  const nested = await putIndex(store, [await putIndex(store, [arm, s390]), index])
  expect(await selectManifest(store, nested, amd64)).toEqual(amd)
  // A platform in the index has precedence, and then nothing else is read.
  const named = { ...s390, platform: amd64 }
  expect(await selectManifest(store, await putIndex(store, [amd, named]), amd64)).toEqual(named)
})

test('selectManifest() names the platforms of the configs when none fits', async () => {
  const store = createMemoryStore()
  const index = await putIndex(store, [await putFor(store, 'arm64'), await putFor(store, 's390x')])
  await expect(selectManifest(store, index, amd64)).rejects.toThrow(
    `Cannot use ${index.digest} on linux/amd64: it is made for linux/arm64, linux/s390x`,
  )
})

test('selectManifest() returns no attestation without a platform', async () => {
  const store = createMemoryStore()
  const amd = await putFor(store, 'amd64')
  const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' }
  const index = await putIndex(store, [{ ...amd, annotations }, amd, await putFor(store, 'arm64')])
  expect(await selectManifest(store, index, amd64)).toEqual(amd)
})

test('selectManifest() reads a limited number of manifests without a platform', async () => {
  const store = createMemoryStore()
  const arm = await putFor(store, 'arm64')
  const many = Array.from({ length: 60 }, () => arm)
  const index = await putIndex(store, [...many, await putFor(store, 'amd64')])
  let reads = 0
  const source: Pick<ContentStore, 'has' | 'read'> = {
    has: (target, signal) => store.has(target, signal),
    read: (target, options) => {
      reads += 1
      return store.read(target, options)
    },
  }
  await expect(selectManifest(source, index, amd64)).rejects.toThrow('it is made for linux/arm64')
  expect(reads).toBeLessThanOrEqual(101)
})
