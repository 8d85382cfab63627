import { afterEach, beforeEach, expect, test } from 'bun:test'
import { findForeign } from '../host/store-names.ts'
import { openTestEngine, type TestEngine } from '../testing/fixture.ts'
import { build } from './build.ts'
import { cacheLimits, limitCache } from './limit-cache.ts'

const gigabyte = 1e9
const disk = 1000 * gigabyte

test('cacheLimits() are those of BuildKit, and a share of small disks', () => {
  expect(cacheLimits({}, disk)).toEqual({
    reservedSpace: 10 * gigabyte,
    maxUsedSpace: 100 * gigabyte,
    minFreeSpace: 200 * gigabyte,
  })
  expect(cacheLimits({}, 50 * gigabyte)).toEqual({
    reservedSpace: 5 * gigabyte,
    maxUsedSpace: 30 * gigabyte,
    minFreeSpace: 10 * gigabyte,
  })
})

test('cacheLimits() reads STRAKE_BUILD_CACHE', () => {
  const most = (text: string) => cacheLimits({ STRAKE_BUILD_CACHE: text }, disk)
  expect(most('2GB')).toMatchObject({ reservedSpace: 2 * 2 ** 30, maxUsedSpace: 2 * 2 ** 30 })
  expect(most('5%')?.maxUsedSpace).toBe(50 * gigabyte)
  expect(most('unlimited')).toBeUndefined()
  expect(() => most('much')).toThrow('Cannot use STRAKE_BUILD_CACHE=much: expected a size')
})

let engine: TestEngine
beforeEach(async () => {
  engine = await openTestEngine({ env: { STRAKE_BUILD_CACHE: '2000' } })
})
afterEach(() => engine[Symbol.asyncDispose]())

const keys = (): readonly string[] => engine.records.cache.list().map(({ key }) => key)

function addResult(key: string, size: number): void {
  const descriptor = { mediaType: 'm', digest: `sha256:${key.repeat(64)}`, size }
  engine.records.cache.put(key.repeat(64), { layer: { descriptor } }, { size })
}

test('limitCache() removes the results that were used least recently, once an hour', async () => {
  for (const key of ['a', 'b', 'c']) addResult(key, 1000)
  const now = Date.now()
  await limitCache(engine, now)
  expect(keys()).toHaveLength(2)
  addResult('d', 1000)
  await limitCache(engine, now + 1000)
  expect(keys()).toHaveLength(3)
  await limitCache(engine, now + 3_600_000)
  expect(keys()).toHaveLength(2)
  // A reset knows the file of the time.
  expect(findForeign(engine, 'run')).toBeUndefined()
  // A clock that was set back does not end it.
  addResult('e', 1000)
  await limitCache(engine, now - 1000)
  expect(keys()).toHaveLength(2)
})

test('build() refuses a limit that is no size before the first step', async () => {
  await using other = await openTestEngine({ env: { STRAKE_BUILD_CACHE: 'x' } })
  const dockerfile = { text: 'FROM scratch\nENV a=1\n' }
  expect(build(other, { dockerfile })).rejects.toThrow('Cannot use STRAKE_BUILD_CACHE=x')
})
