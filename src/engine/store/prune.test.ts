import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { create } from '../container/run.ts'
import type { PruneFilter } from '../filter/prune-filter.ts'
import { addTestImage, blobsOf, cannotContain, openTestEngine } from '../fixture.ts'
import { listImages } from '../image/images.ts'
import { pruneCache, pruneContainers, pruneImages, pruneSystem } from './prune.ts'

test('pruneImages() removes what has no name, and its content', async () => {
  await using engine = await openTestEngine()
  const lost = await addTestImage(engine, { layers: [{ lost: 'x' }] })
  const kept = await addTestImage(engine, { names: ['app'] })
  const pruned = await pruneImages(engine)
  expect(pruned.images).toEqual([lost.imageId])
  expect(pruned.reclaimed).toBeGreaterThan(0)
  expect(await blobsOf(engine)).toContain(kept.descriptor.digest)
  expect(await blobsOf(engine)).not.toContain(lost.descriptor.digest)
})

test('pruneImages() removes every image with `all`, by the names people write', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app:1', 'host.example/app:2'] })
  const { untagged } = await pruneImages(engine, { all: true })
  expect(untagged.toSorted()).toEqual(['app:1', 'host.example/app:2'])
  expect(await blobsOf(engine)).toEqual([])
})

test('pruneImages() looks at age and labels', async () => {
  await using engine = await openTestEngine()
  const now = new Date().toISOString()
  await addTestImage(engine, { names: ['old'], config: { Labels: { keep: 'yes' } } })
  await addTestImage(engine, { names: ['new'], created: now, layers: [{ b: '2' }] })
  const prune = (filter: PruneFilter): ReturnType<typeof pruneImages> =>
    pruneImages(engine, { all: true, filter })
  const yesterday = [new Date(Date.now() - 24 * 60 * 60 * 1000)]
  const kept = { until: yesterday, withoutLabels: [{ key: 'keep' }] }
  expect((await prune(kept)).images).toEqual([])
  expect((await prune({ labels: [{ key: 'keep', value: 'no' }] })).images).toEqual([])
  const { untagged } = await prune({ until: yesterday, labels: [{ key: 'keep' }] })
  expect(untagged).toEqual(['old:latest'])
})

test('pruneCache() forgets builds and frees what only they kept', async () => {
  await using engine = await openTestEngine()
  const { descriptor } = await addTestImage(engine)
  const layer = (await blobsOf(engine)).find((digest) => digest !== descriptor.digest) ?? ''
  engine.records.cache.put('step', { layer })
  engine.records.images.remove(descriptor.digest)
  const before = await blobsOf(engine)
  expect(await pruneImages(engine).then(() => blobsOf(engine))).toEqual([layer])
  expect(before).toHaveLength(3)
  mkdirSync(`${engine.root}/builds`)
  writeFileSync(`${engine.root}/builds/x.files`, '')
  expect((await pruneCache(engine)).cache).toEqual(['step'])
  expect(await blobsOf(engine)).toEqual([])
  expect(existsSync(`${engine.root}/builds`)).toBe(false)
})

describe.skipIf(cannotContain !== undefined)('with containers', () => {
  test('pruneImages() keeps what a container stands on; pruneSystem() takes both', async () => {
    await using engine = await openTestEngine()
    await addTestImage(engine, { names: ['app'], config: { Cmd: ['x'] } })
    const { id } = await create(engine, { image: 'app', network: 'none', labels: { a: 'b' } })
    expect((await pruneImages(engine, { all: true })).images).toEqual([])
    expect(
      (await pruneContainers(engine, { filter: { labels: [{ key: 'a', value: 'c' }] } }))
        .containers,
    ).toEqual([])
    const pruned = await pruneSystem(engine, { all: true })
    expect(pruned.containers).toEqual([id])
    expect(pruned.untagged).toEqual(['app:latest'])
    expect(await listImages(engine, { all: true })).toEqual([])
    expect(await blobsOf(engine)).toEqual([])
  })
})
