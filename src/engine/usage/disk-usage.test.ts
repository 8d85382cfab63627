import { describe, expect, test } from 'bun:test'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { chainIds, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { anonymousVolume, volumeData } from '#volume'
import { collectGarbage } from '../collect/collect-garbage.ts'
import { removeImage } from '../collect/remove.ts'
import { create } from '../container/run.ts'
import type { Engine } from '../engine.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { getImage } from '../image/find-image.ts'
import { tagImage } from '../image/tag.ts'
import { listRepositories, removeFromRegistry } from '../registry/repositories.ts'
import { pruneCache, pruneContainers } from '../store/prune.ts'
import { pruneImages } from '../store/prune-images.ts'
import { pruneVolumes } from '../store/prune-volumes.ts'
import { addTestImage, blobsOf, openTestEngine } from '../testing/fixture.ts'
import { type DiskUsage, diskUsage } from './disk-usage.ts'
import { usageDetails } from './usage-details.ts'

const isRoot = process.getuid?.() === 0
const kinds = ['erofs', 'directory'].filter(() => isRoot)
if (!isRoot) console.info('skipped: diskUsage() with file systems: needs root')

async function row(engine: Engine, type: DiskUsage['type']): Promise<DiskUsage | undefined> {
  return (await diskUsage(engine)).find((each) => each.type === type)
}

async function unpack(engine: Engine, name: string): Promise<readonly string[]> {
  const image = await engine.openImage(getImage(engine.records, name).image)
  await ensureUnpacked(engine, image)
  return chainIds(image.config.rootfs.diff_ids)
}

const large = (letter: string): string => letter.repeat(200_000)

for (const snapshotter of kinds) {
  describe(`diskUsage() with ${snapshotter} snapshots`, () => {
    test('returns the bytes that a prune of images frees, and counts shared layers once', async () => {
      await using engine = await openTestEngine({ snapshotter })
      const base = { base: large('b') }
      await addTestImage(engine, { names: ['one'], layers: [base, { own: large('1') }] })
      await addTestImage(engine, { names: ['two'], layers: [base, { own: large('2') }] })
      for (const name of ['one', 'two']) await unpack(engine, name)
      const images = await row(engine, 'Images')
      expect(images).toMatchObject({ count: 2, active: 0 })
      const times = snapshotter === 'erofs' ? 1 : 2
      expect(images?.size).toBeGreaterThan(times * 600_000)
      expect(images?.size).toBeLessThan(times * 700_000)
      expect(images?.reclaimable).toBe(images?.size ?? 0)
      const { reclaimed } = await pruneImages(engine, { all: true })
      expect(reclaimed).toBe(images?.reclaimable ?? 0)
      expect(await row(engine, 'Images')).toMatchObject({ count: 0, size: 0, reclaimable: 0 })
    })

    test('returns the bytes that a prune of the build cache frees', async () => {
      await using engine = await openTestEngine({ snapshotter })
      await addTestImage(engine, { names: ['kept'] })
      await addTestImage(engine, { names: ['built'], layers: [{ built: large('b') }] })
      const [chain] = await unpack(engine, 'built')
      const [layer = ''] = (await blobsOf(engine)).filter(
        (digest) => statSync(engine.content.pathOf(digest as 'sha256:')).size > 200_000,
      )
      engine.records.cache.put('step', { chain, layer })
      mkdirSync(`${engine.root}/builds`)
      writeFileSync(`${engine.root}/builds/files`, large('f'))
      expect((await row(engine, 'Build Cache'))?.size).toBeLessThan(300_000)
      await removeImage(engine, 'built')
      const cache = await row(engine, 'Build Cache')
      expect(cache?.size).toBeGreaterThan(400_000)
      expect((await pruneCache(engine)).reclaimed).toBe(cache?.reclaimable ?? 0)
      expect(await row(engine, 'Build Cache')).toMatchObject({ count: 0, size: 0, reclaimable: 0 })
    })

    test('an image of a container is active, and its volumes are listed', async () => {
      await using engine = await openTestEngine({ snapshotter })
      const layers = [{ file: large('f') }]
      await addTestImage(engine, { names: ['app'], layers, config: { Cmd: ['x'] } })
      const mounts = [
        { type: 'volume', source: 'named', destination: '/named' },
        { type: 'volume', destination: '/data' },
      ] as const
      const { id } = await create(engine, { image: 'app', mounts })
      const left = 'a'.repeat(64)
      for (const name of ['named', anonymousVolume(id, '/data'), left, 'other']) {
        mkdirSync(volumeData(engine, name), { recursive: true })
        writeFileSync(`${volumeData(engine, name)}/file`, large('v'))
      }
      expect(await row(engine, 'Images')).toMatchObject({ count: 1, active: 1, reclaimable: 0 })
      const volumes = await row(engine, 'Local Volumes')
      expect(volumes).toMatchObject({ count: 4, active: 2 })
      const pruned = await pruneVolumes(engine)
      expect(pruned).toMatchObject({ volumes: [left], reclaimed: volumes?.reclaimable })
      expect(await row(engine, 'Local Volumes')).toMatchObject({ count: 3, reclaimable: 0 })
      const details = await usageDetails(engine)
      expect(details.images).toMatchObject([{ repository: 'app', containers: 1, shared: 0 }])
      expect(details.containers).toMatchObject([{ id }])
      const links = Object.fromEntries(details.volumes.map((each) => [each.name, each.links]))
      expect(links).toEqual({ named: 1, [anonymousVolume(id, '/data')]: 1, other: 0 })
      await pruneContainers(engine)
      const images = await row(engine, 'Images')
      expect((await pruneImages(engine, { all: true })).reclaimed).toBe(images?.reclaimable ?? 0)
    })
  })
}

test('diskUsage() counts content that nothing keeps once, as build cache', async () => {
  await using engine = await openTestEngine({ snapshotter: 'directory' })
  await addTestImage(engine, { names: ['app'], layers: [{ a: large('a') }] })
  const bytes = Buffer.from(large('g'))
  const left = { mediaType: 'text/plain', digest: sha256(bytes), size: bytes.length }
  await engine.content.write(left, fromBuffer(bytes))
  const rows = await diskUsage(engine)
  for (const { type, size, reclaimable } of rows) {
    expect({ type, isMore: reclaimable > size }).toEqual({ type, isMore: false })
  }
  const cache = rows.find(({ type }) => type === 'Build Cache')
  expect(cache).toMatchObject({ count: 0, size: left.size, reclaimable: left.size })
  const images = rows.find(({ type }) => type === 'Images')
  expect(images?.reclaimable).toBe(images?.size ?? 0)
  expect((await pruneCache(engine)).reclaimed).toBe(left.size)
})

test('usageDetails() returns the shared and the unique bytes of images', async () => {
  await using engine = await openTestEngine({ snapshotter: 'directory' })
  const base = { base: large('b') }
  await addTestImage(engine, { names: ['one', 'uno'], layers: [base, { own: large('1') }] })
  await addTestImage(engine, { names: ['two'], layers: [base] })
  const { images } = await usageDetails(engine)
  const [two, ...ones] = images
    .toSorted((a, b) => b.repository.localeCompare(a.repository))
    .slice(1)
  expect(images).toHaveLength(3)
  for (const image of [two, ...ones]) expect(image?.shared).toBeGreaterThan(200_000)
  expect(images.find(({ repository }) => repository === 'two')?.unique).toBeLessThan(2000)
  expect(images.find(({ repository }) => repository === 'one')?.unique).toBeGreaterThan(200_000)
})

test('removeFromRegistry() frees content that only a repository uses', async () => {
  await using engine = await openTestEngine()
  const { descriptor, manifest } = await addTestImage(engine, {
    names: ['app'],
    layers: [{ a: large('a') }],
  })
  const facts = await engine.registryFacts()
  for (const name of ['app', 'team/app']) {
    const repository = facts.repository(name)
    for (const blob of [manifest.config, ...manifest.layers]) {
      await repository.add({ kind: 'blob', descriptor: blob })
    }
    await repository.add({ kind: 'manifest', descriptor })
    for (const tag of ['1', '2']) await repository.setTag(tag, descriptor.digest)
  }
  await tagImage(engine, 'app', 'other')
  await removeImage(engine, 'app')
  expect(await row(engine, 'Registry')).toMatchObject({ count: 2, size: 0, reclaimable: 0 })
  await removeImage(engine, 'other')
  await collectGarbage(engine)
  const size = (await row(engine, 'Registry'))?.size ?? 0
  expect(size).toBeGreaterThan(200_000)
  expect(await removeFromRegistry(engine, 'localhost:5000/app:1')).toBe(0)
  expect(await listRepositories(engine)).toEqual([
    { name: 'app', tags: ['2'] },
    { name: 'team/app', tags: ['1', '2'] },
  ])
  expect(await removeFromRegistry(engine, 'app')).toBe(0)
  expect(await removeFromRegistry(engine, `team/app@${descriptor.digest}`)).toBe(size)
  expect(await blobsOf(engine)).toEqual([])
  expect(await listRepositories(engine)).toEqual([{ name: 'team/app', tags: [] }])
  await removeFromRegistry(engine, 'team/app')
  expect(await row(engine, 'Registry')).toBeUndefined()
  await expect(removeFromRegistry(engine, 'team/app')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(removeFromRegistry(engine, '../x')).rejects.toMatchObject({ code: 'INVALID' })
})
