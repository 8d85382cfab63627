import { expect, test } from 'bun:test'
import { passesPruneFilter } from './prune-filter.ts'

const subject = { at: 1000, labels: { a: '1', b: '' } }

test('passesPruneFilter() passes what is older than every instant', () => {
  const passes = (...times: readonly number[]): boolean =>
    passesPruneFilter({ until: times.map((time) => new Date(time)) }, subject)
  expect([passes(), passes(1001), passes(1000), passes(999)]).toEqual([true, true, false, false])
  expect(passes(2000, 500)).toBe(false)
})

test('passesPruneFilter() wants all labels, and none of the forbidden ones', () => {
  const labels = [{ key: 'a', value: '1' }, { key: 'b' }]
  expect(passesPruneFilter({ labels }, subject)).toBe(true)
  expect(passesPruneFilter({ labels: [...labels, { key: 'c' }] }, subject)).toBe(false)
  expect(passesPruneFilter({ labels: [{ key: 'a', value: '2' }] }, subject)).toBe(false)
  expect(passesPruneFilter({ withoutLabels: [{ key: 'c' }, { key: 'b' }] }, subject)).toBe(false)
  expect(passesPruneFilter({ withoutLabels: [{ key: 'a', value: '2' }] }, subject)).toBe(true)
})
