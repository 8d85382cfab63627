import { expect, test } from 'bun:test'
import type { CacheUsage } from '../build-services/cache-usage.ts'
import { type CacheFilter, type CacheLimits, selectCache } from './select-cache.ts'

const entry = (id: string, usedAt: number, more: Partial<CacheUsage> = {}): CacheUsage => {
  const at = new Date(usedAt)
  const facts = { size: 10, createdAt: at, lastUsedAt: at, isReclaimable: true, isBusy: false }
  return { id, kind: 'step', ...facts, ...more }
}

const usages = [
  entry('aa4', 4000),
  entry('mount', 3000, { kind: 'mount' }),
  entry('aa2', 2000, { isReclaimable: false }),
  entry('empty', 1500, { size: 0 }),
  entry('bb1', 1000),
  entry('busy', 500, { kind: 'mount', isBusy: true, isReclaimable: false }),
]

const select = (filter: CacheFilter, limits: CacheLimits = {}, free = 0): readonly string[] =>
  selectCache(usages, { filter, limits, free }).map(({ id }) => id)

test('selectCache() takes what passes the filter, but nothing that a build uses', () => {
  expect(select({})).toEqual(['bb1', 'empty', 'aa2', 'mount', 'aa4'])
  expect(select({ unusedSince: 2000 })).toEqual(['bb1', 'empty'])
  expect(select({ ids: ['aa', 'bb'] })).toEqual(['bb1', 'aa2', 'aa4'])
  expect(select({ kinds: ['mount'] })).toEqual(['mount'])
  expect(select({ isShared: true })).toEqual(['aa2'])
  expect(select({ isShared: false, kinds: ['step'] })).toEqual(['bb1', 'empty', 'aa4'])
  expect(select({ isBusy: true })).toEqual([])
})

test('selectCache() removes the least recently used entries until the rest is small enough', () => {
  expect(select({}, { reservedSpace: 30 })).toEqual(['bb1', 'empty', 'aa2'])
  expect(select({}, { maxUsedSpace: 40 })).toEqual(['bb1'])
  expect(select({}, { maxUsedSpace: 10, reservedSpace: 40 })).toEqual(['bb1'])
  expect(select({}, { reservedSpace: 50 })).toEqual([])
})

test('selectCache() frees as much of the disk as is asked for', () => {
  expect(select({}, { minFreeSpace: 115 }, 100)).toEqual(['bb1', 'empty', 'aa2'])
  expect(select({}, { minFreeSpace: 100 }, 100)).toEqual([])
})
