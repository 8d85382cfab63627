import { expect, test } from 'bun:test'
import { parseCacheFilters } from './cache-filters.ts'

const read = (...words: readonly string[]) => JSON.parse(JSON.stringify(parseCacheFilters(words)))

test('parseCacheFilters() reads the conditions of Docker and BuildKit', () => {
  expect(read()).toEqual({})
  expect(read('until=1700000000', 'unused-for=1600000000')).toEqual({ unusedSince: 1.6e12 })
  expect(read('id=ab', 'id=cd')).toEqual({ ids: ['ab', 'cd'] })
  expect(read('type=exec.cachemount')).toEqual({ kinds: ['mount'] })
  expect(read('type=regular', 'type=exec.cachemount', 'mutable')).toEqual({ kinds: ['mount'] })
  expect(read('type=frontend')).toEqual({ kinds: [] })
  expect(read('immutable=false')).toEqual({ kinds: ['mount'] })
  expect(read('shared', 'inuse=0')).toEqual({ isShared: true, isBusy: false })
  expect(read('private')).toEqual({ isShared: false })
})

test('parseCacheFilters() refuses other conditions', () => {
  expect(() => read('parent=x')).toThrow("Cannot filter the build cache by 'parent=x'")
  expect(() => read('type=x')).toThrow('unknown type')
  expect(() => read('shared=maybe')).toThrow("by 'shared=maybe'")
  expect(() => read('until=soon')).toThrow('expected a time')
})
