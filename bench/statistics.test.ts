import { expect, test } from 'bun:test'
import { median } from './statistics.ts'

test('median returns the middle of an odd number of values', () => {
  expect(median([9, 1, 10])).toBe(9)
})

test('median returns the mean of the middle two of an even number', () => {
  expect(median([4, 1, 100, 2])).toBe(3)
})

test('median refuses an empty list', () => {
  expect(() => median([])).toThrow(RangeError)
})
