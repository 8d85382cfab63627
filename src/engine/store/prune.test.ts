import { describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { openDatabase } from '#platform'
import { create } from '../container/run.ts'
import type { PruneFilter } from '../filter/prune-filter.ts'
import { listImages } from '../image/images.ts'
import {
  addTestImage,
  blobsOf,
  cannotContain,
  openTestEngine,
  type TestEngine,
} from '../testing/fixture.ts'
import { pruneCache, pruneContainers, pruneSystem } from './prune.ts'
import { pruneImages } from './prune-images.ts'

test('pruneImages() removes images without a name, and their content', async () => {
  await using engine = await openTestEngine()
  const lost = await addTestImage(engine, { layers: [{ lost: 'x' }] })
  const kept = await addTestImage(engine, { names: ['app'] })
  const pruned = await pruneImages(engine)
  expect(pruned.images).toEqual([lost.imageId])
  expect(pruned.reclaimed).toBeGreaterThan(0)
  expect(await blobsOf(engine)).toContain(kept.descriptor.digest)
  expect(await blobsOf(engine)).not.toContain(lost.descriptor.digest)
})

test('pruneImages() with `all` removes every image and returns familiar names', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app:1', 'host.example/app:2'] })
  const { untagged } = await pruneImages(engine, { all: true })
  expect(untagged.toSorted()).toEqual(['app:1', 'host.example/app:2'])
  expect(await blobsOf(engine)).toEqual([])
})

const [now, day] = [Date.now(), 24 * 60 * 60 * 1000]
const yesterday = [new Date(now - day)]

/** Sets the time of a name or an image to two days ago. */
function makeOld({ root }: TestEngine, table: 'tags' | 'images', where: string): void {
  using database = openDatabase(`${root}/strake.db`)
  const column = table === 'tags' ? 'updated_at' : 'added_at'
  database.run(`UPDATE ${table} SET ${column} = ? WHERE ${where}`, now - 2 * day)
}

test('pruneImages() filters by labels', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['old'], config: { Labels: { keep: 'yes' } } })
  await addTestImage(engine, { names: ['new'], layers: [{ b: '2' }] })
  const prune = (filter: PruneFilter): ReturnType<typeof pruneImages> =>
    pruneImages(engine, { all: true, filter })
  expect((await prune({ labels: [{ key: 'keep', value: 'no' }] })).images).toEqual([])
  const { untagged } = await prune({ withoutLabels: [{ key: 'keep' }] })
  expect(untagged).toEqual(['new:latest'])
})

test('pruneImages() counts the age of an image from the time of its name', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['fresh'], created: '2001-01-01T00:00:00Z' })
  const { imageId } = await addTestImage(engine, { names: ['old', 'again'], layers: [{ b: '2' }] })
  const later = new Date(now + day).toISOString()
  await addTestImage(engine, { names: ['older'], created: later, layers: [{ c: '3' }] })
  makeOld(engine, 'tags', "name LIKE '%/old%'")
  const filter = { until: yesterday }
  const first = await pruneImages(engine, { all: true, filter })
  expect(first.untagged.toSorted()).toEqual(['old:latest', 'older:latest'])
  expect(first.images).not.toContain(imageId)
  const left = (await listImages(engine, { all: true })).map(({ repository }) => repository)
  expect(left.toSorted()).toEqual(['again', 'fresh'])
})

test('pruneImages() counts the age of an unnamed image from the time it was added', async () => {
  await using engine = await openTestEngine()
  const old = await addTestImage(engine)
  const fresh = await addTestImage(engine, { layers: [{ b: '2' }] })
  makeOld(engine, 'images', `digest = '${old.descriptor.digest}'`)
  const { images } = await pruneImages(engine, { filter: { until: yesterday } })
  expect(images).toEqual([old.imageId])
  expect((await listImages(engine, { all: true })).map(({ id }) => id)).toEqual([fresh.imageId])
})

test('setting a name again for the same image renews its age', async () => {
  await using engine = await openTestEngine()
  await addTestImage(engine, { names: ['app'] })
  makeOld(engine, 'tags', "name LIKE '%/app%'")
  await addTestImage(engine, { names: ['app'] })
  const { untagged } = await pruneImages(engine, { all: true, filter: { until: yesterday } })
  expect(untagged).toEqual([])
  expect(engine.records.tags.history()).toHaveLength(1)
})

test('pruneCache() keeps entries with a later use, and removes nothing with a label filter', async () => {
  await using engine = await openTestEngine()
  engine.records.cache.put('step', {})
  expect((await pruneCache(engine, { filter: { until: yesterday } })).cache).toEqual([])
  expect((await pruneCache(engine, { filter: { labels: [{ key: 'a' }] } })).cache).toEqual([])
  const tomorrow = { until: [new Date(now + day)] }
  expect((await pruneCache(engine, { filter: tomorrow })).cache).toEqual(['step'])
})

test('pruneCache() removes the build cache and the content that only the cache used', async () => {
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
  test('pruneImages() keeps the image of a container; pruneSystem() removes both', async () => {
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
