import { expect, test } from 'bun:test'
import { chainIds } from '#oci'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { getImage } from '../image/find-image.ts'
import { holdImage } from '../image/hold-image.ts'
import { listImages } from '../image/images.ts'
import { tagImage } from '../image/tag.ts'
import { openEngine } from '../open.ts'
import { pruneImages } from '../store/prune-images.ts'
import { addTestImage, blobsOf, openTestEngine } from '../testing/fixture.ts'
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
