import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { lockDirectory } from '#platform'
import { pruneCache } from '../store/prune.ts'
import { openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { cacheMountsOf, cacheMountUsage, pruneCacheMounts } from './cache-mounts.ts'
import { cacheUsage } from './cache-usage.ts'

let engine: TestEngine
beforeEach(async () => {
  engine = await openTestEngine()
})
afterEach(() => engine[Symbol.asyncDispose]())

/** Makes a cache mount with a time of last use, in seconds since 1970. */
function add(id: string, usedAt = 1_000_000): string {
  const path = `${cacheMountsOf(engine)}/${id}`
  mkdirSync(`${path}/contents`, { recursive: true })
  writeFileSync(`${path}/contents/f`, Buffer.alloc(10_000))
  utimesSync(path, usedAt, usedAt)
  return path
}

test('cacheMountUsage() lists cache mounts by last use, with size and whether a build uses them', async () => {
  expect(await cacheMountUsage(engine)).toEqual([])
  add('older')
  using _lock = await lockDirectory(add('newer', 2_000_000), undefined, 'shared')
  const [newer, older] = await cacheMountUsage(engine)
  expect(newer).toMatchObject({ id: 'newer', lastUsedAt: new Date(2e9), isBusy: true })
  expect(older).toMatchObject({ id: 'older', lastUsedAt: new Date(1e9), isBusy: false })
  expect(older?.size).toBeGreaterThanOrEqual(10_000)
  const usage = await cacheUsage(engine)
  expect(usage.map(({ id, isReclaimable }) => [id, isReclaimable])).toEqual([
    ['newer', false],
    ['older', true],
  ])
})

test('pruneCacheMounts() removes cache mounts that no build uses', async () => {
  const [idle, busy] = [add('idle'), add('busy')]
  using lock = await lockDirectory(busy)
  const { ids, bytes } = await pruneCacheMounts(engine)
  expect(ids).toEqual(['idle'])
  expect(bytes).toBeGreaterThanOrEqual(10_000)
  expect([existsSync(idle), existsSync(busy)]).toEqual([false, true])
  expect(readdirSync(`${engine.root}/trash`)).toEqual([])
  lock[Symbol.dispose]()
  const pruned = await pruneCache(engine)
  expect(pruned.cache).toEqual(['busy'])
  expect(pruned.reclaimed).toBeGreaterThanOrEqual(10_000)
})

test('pruneCacheMounts() keeps cache mounts with a later use', async () => {
  add('old')
  add('new', 2_000_000)
  expect((await pruneCacheMounts(engine, { unusedSince: 1_500_000_000 })).ids).toEqual(['old'])
  expect((await cacheMountUsage(engine)).map(({ id }) => id)).toEqual(['new'])
})
