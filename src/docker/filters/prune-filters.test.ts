import { expect, test } from 'bun:test'
import { parsePruneFilters } from './prune-filters.ts'

test('parsePruneFilters() reads ages and labels', () => {
  const words = ['until=2020-06-01T00:00:00Z', 'label=keep=no', 'label!=keep', 'label!=a=b']
  expect(parsePruneFilters(words)).toEqual({
    until: [new Date('2020-06-01')],
    labels: [{ key: 'keep', value: 'no' }],
    withoutLabels: [{ key: 'keep' }, { key: 'a', value: 'b' }],
  })
})

test('parsePruneFilters() refuses unknown conditions', () => {
  for (const word of ['dangling=true', 'until', 'label=', 'label!=']) {
    expect(() => parsePruneFilters([word])).toThrow(`Cannot prune by '${word}'`)
  }
})
