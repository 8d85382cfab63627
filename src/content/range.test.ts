import { expect, test } from 'bun:test'
import { mediaType, sha256 } from '#oci'
import { rangeOf } from './range.ts'

const target = { mediaType: mediaType.ociLayer, digest: sha256('x'), size: 100 }

test.each([
  [undefined, undefined, { start: 0, end: 100, isWhole: true }],
  [0, 100, { start: 0, end: 100, isWhole: true }],
  [0, 1000, { start: 0, end: 100, isWhole: true }],
  [0, 99, { start: 0, end: 99, isWhole: false }],
  [1, undefined, { start: 1, end: 100, isWhole: false }],
  [7, 7, { start: 7, end: 7, isWhole: false }],
  [100, 200, { start: 100, end: 100, isWhole: false }],
  [150, 200, { start: 100, end: 100, isWhole: false }],
] as const)('rangeOf() from %p to %p of 100 bytes', (start, end, expected) => {
  const options = { start, end }
  expect(rangeOf(target, options)).toEqual(expected)
})

test.each([
  [-1, 5],
  [5, 4],
  [0.5, 5],
  [0, Number.NaN],
  [0, Number.POSITIVE_INFINITY],
])('rangeOf() refuses from %p to %p', (start, end) => {
  expect(() => rangeOf(target, { start, end })).toThrow(RangeError)
})

test('rangeOf() of empty content is always the whole content', () => {
  const expected = { start: 0, end: 0, isWhole: true }
  expect(rangeOf({ ...target, size: 0 }, {})).toEqual(expected)
})
