import { expect, test } from 'bun:test'
import { compareNaturally } from './natural-order.ts'

test('compareNaturally() orders digits by their number', () => {
  const ordered = ['', '1', '01', '2', '10', 'V1', 'v', 'v1', 'v1-a', 'v2', 'v2.9', 'v2.10', 'v10']
  expect(ordered.toReversed().sort(compareNaturally)).toEqual(ordered)
})

test('compareNaturally() orders numbers that are too long for a number', () => {
  const long = '9'.repeat(400)
  expect([`1${'0'.repeat(400)}`, long].sort(compareNaturally)[0]).toBe(long)
})
