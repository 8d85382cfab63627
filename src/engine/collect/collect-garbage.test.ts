import { expect, test } from 'bun:test'
import { chainIds, type Digest } from '#oci'
import { removeStoppedContainer } from '../container/container.ts'
import { create } from '../container/run.ts'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { getImage } from '../image/find-image.ts'
import { holdImage } from '../image/hold-image.ts'
import { listImages } from '../image/images.ts'
import { tagImage } from '../image/tag.ts'
import { openEngine } from '../open.ts'
import { pruneImages } from '../store/prune-images.ts'
import { addTestImage, blobsOf, cannotContain, openTestEngine } from '../testing/fixture.ts'
import { collectGarbage } from './collect-garbage.ts'

test('collectGarbage() keeps the content of named and unnamed images', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app'], layers: [{ a: '1' }, { b: '2' }] })
  await addTestImage(engine, { layers: [{ c: '3' }] })
  const before = await blobsOf(engine)
  expect((await collectGarbage(engine)).blobs).toEqual([])
  expect(await blobsOf(engine)).toEqual(before)
})

test('collectGarbage() keeps everything used since the oldest lease began', async () => {
  await using engine = await openTestEngine()
  const { descriptor } = await addTestImage(engine)
  engine.records.images.remove(descriptor.digest)
  {
    await using _lease = await engine.records.leases.acquire({ purpose: 'pull' })
    expect((await collectGarbage(engine)).blobs).toEqual([])
  }
  expect((await collectGarbage(engine)).blobs).toHaveLength(3)
})

test('collectGarbage() continues after a damaged image', async () => {
  await using engine = await openTestEngine()
  const { descriptor, manifest } = await addTestImage(engine, { names: ['broken'] })
  await addTestImage(engine, { names: ['whole'], layers: [{ b: '2' }] })
  await engine.content.delete(manifest.config)
  await collectGarbage(engine)
  expect(await blobsOf(engine)).toContain(descriptor.digest)
})

test('two engines share one store', async () => {
  await using one = await openTestEngine()
  await using two = await openEngine({ env: {}, root: one.root, run: one.run })
  await addTestImage(one, { names: ['app'] })
  await tagImage(two, 'app', 'other')
  const names = (await listImages(one, { all: false })).map((row) => row.repository)
  expect(names.toSorted()).toEqual(['app', 'other'])
})

test('collectGarbage() keeps the content that an exact lease holds, and collects the rest', async () => {
  await using engine = await openTestEngine()
  const held = await addTestImage(engine, { names: ['held'] })
  await addTestImage(engine, { names: ['gone'], layers: [{ b: '2' }] })
  for (const name of ['held', 'gone']) {
    const found = getImage(engine.records, name)
    await ensureUnpacked(engine, await engine.openImage(found.image))
  }
  await using lease = await engine.records.leases.acquire({ purpose: 'save held', isExact: true })
  const { opened } = await holdImage(engine, 'held', lease)
  await pruneImages(engine, { all: true })
  expect(await blobsOf(engine)).toContain(held.descriptor.digest)
  const chains = await Array.fromAsync((await engine.snapshots()).list(), ({ chainId }) => chainId)
  expect(chains).toEqual(chainIds(opened.config.rootfs.diff_ids))
})

/** Unpacks an image and returns its file systems, lowest first. */
async function unpack(engine: Engine, name: string): Promise<readonly Digest[]> {
  const image = await engine.openImage(getImage(engine.records, name).image)
  await ensureUnpacked(engine, image)
  return chainIds(image.config.rootfs.diff_ids)
}

const chainsIn = async (engine: Engine): Promise<readonly Digest[]> =>
  await Array.fromAsync((await engine.snapshots()).list(), ({ chainId }) => chainId)

test('collectGarbage() removes a stack of file systems from the top, and counts their bytes', async () => {
  await using engine = await openTestEngine()
  const layers = ['1', '2', '3', '4'].map((text) => ({ [text]: text.repeat(5000) }))
  const { descriptor } = await addTestImage(engine, { names: ['app'], layers })
  const chains = await unpack(engine, 'app')
  engine.records.tags.remove('docker.io/library/app:latest', 'test')
  engine.records.images.remove(descriptor.digest)
  const collected = await collectGarbage(engine)
  expect(collected.chains).toEqual(chains.toReversed())
  expect(collected.blobs).toHaveLength(6)
  expect(collected.bytes).toBeGreaterThan(20_000)
  expect(await chainsIn(engine)).toEqual([])
  expect(await blobsOf(engine)).toEqual([])
  expect(await collectGarbage(engine)).toEqual({ blobs: [], chains: [], bytes: 0 })
})

test('collectGarbage() keeps the file systems below one that is still used', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['low'], layers: [{ a: '1' }] })
  const { descriptor } = await addTestImage(engine, {
    names: ['high'],
    layers: [{ a: '1' }, { b: '2' }],
  })
  const [low, high] = await unpack(engine, 'high')
  engine.records.tags.remove('docker.io/library/low:latest', 'test')
  const lowDigest = engine.records.images.list().find(({ digest }) => digest !== descriptor.digest)
  if (lowDigest !== undefined) engine.records.images.remove(lowDigest.digest)
  expect((await collectGarbage(engine)).chains).toEqual([])
  engine.records.tags.remove('docker.io/library/high:latest', 'test')
  engine.records.images.remove(descriptor.digest)
  expect((await collectGarbage(engine)).chains).toEqual([high, low] as Digest[])
})

test('collectGarbage() removes only the file systems it was asked for', async () => {
  await using engine = await openTestEngine()
  const { descriptor } = await addTestImage(engine, {
    names: ['app'],
    layers: [{ a: '1' }, { b: '2' }],
  })
  const chains = await unpack(engine, 'app')
  engine.records.tags.remove('docker.io/library/app:latest', 'test')
  engine.records.images.remove(descriptor.digest)
  const [low, high] = chains
  // The lower one cannot be removed, because the upper one needs it.
  expect((await collectGarbage(engine, { chains: [low ?? 'sha256:'] })).chains).toEqual([])
  expect((await collectGarbage(engine, { chains: [high ?? 'sha256:'] })).chains).toEqual([
    high ?? 'sha256:',
  ])
  expect(await chainsIn(engine)).toEqual([low ?? 'sha256:'])
})

test('collectGarbage() removes no file system while another process works', async () => {
  await using engine = await openTestEngine()
  const { descriptor } = await addTestImage(engine, { names: ['app'] })
  const chains = await unpack(engine, 'app')
  engine.records.tags.remove('docker.io/library/app:latest', 'test')
  engine.records.images.remove(descriptor.digest)
  {
    await using _lease = await engine.records.leases.acquire({ purpose: 'build' })
    expect((await collectGarbage(engine)).chains).toEqual([])
  }
  expect((await collectGarbage(engine)).chains).toEqual(chains)
})

test('collectGarbage() keeps what the build cache names, however deep in its value', async () => {
  await using engine = await openTestEngine()
  const { descriptor, manifest } = await addTestImage(engine, { names: ['app'] })
  const [chain] = await unpack(engine, 'app')
  const layer = manifest.layers[0]?.digest ?? 'sha256:'
  engine.records.cache.put('step', { outputs: [{ layer }, { deep: { chain } }] })
  engine.records.tags.remove('docker.io/library/app:latest', 'test')
  engine.records.images.remove(descriptor.digest)
  const collected = await collectGarbage(engine)
  expect(collected.chains).toEqual([])
  expect(await blobsOf(engine)).toEqual([layer])
  engine.records.cache.prune()
  expect((await collectGarbage(engine)).chains).toEqual([chain ?? 'sha256:'])
  expect(await blobsOf(engine)).toEqual([])
})

test('collectGarbage() keeps blobs that a repository of the embedded registry holds', async () => {
  await using engine = await openTestEngine()
  const { descriptor, manifest } = await addTestImage(engine, { names: ['app'] })
  const facts = await engine.registryFacts()
  const held = manifest.config.digest
  await facts.repository('team/app').add({ kind: 'blob', descriptor: manifest.config })
  engine.records.tags.remove('docker.io/library/app:latest', 'test')
  engine.records.images.remove(descriptor.digest)
  await collectGarbage(engine)
  expect(await blobsOf(engine)).toEqual([held])
})

test.skipIf(cannotContain !== undefined)(
  'collectGarbage() keeps the file systems of a container whose image is gone',
  async () => {
    await using engine = await openTestEngine()
    const { descriptor } = await addTestImage(engine, { names: ['app'], config: { Cmd: ['x'] } })
    const chains = await unpack(engine, 'app')
    const { id } = await create(engine, { image: 'app', network: 'none' })
    engine.records.tags.remove('docker.io/library/app:latest', 'test')
    engine.records.images.remove(descriptor.digest)
    expect((await collectGarbage(engine)).chains).toEqual([])
    expect(await chainsIn(engine)).toEqual(chains)
    expect(await removeStoppedContainer(engine, id)).toBe(true)
    expect((await collectGarbage(engine)).chains).toEqual(chains)
  },
)
