import { expect, test } from 'bun:test'
import { parseSize } from './size.ts'

test.each([
  ['0', 0],
  ['1024', 1024],
  ['1b', 1],
  ['64m', 67_108_864],
  ['64MB', 67_108_864],
  ['1.5 GiB', 1_610_612_736],
  ['2k', 2048],
  ['', undefined],
  ['m', undefined],
  ['-1', undefined],
  ['1 x', undefined],
])('parseSize() of %p', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})
