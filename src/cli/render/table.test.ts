import { expect, test } from 'bun:test'
import { ellipsis, formatTable } from './table.ts'

test('formatTable() pads as Docker does: ten cells at least, three between columns', () => {
  expect(formatTable(['TAG', 'IMAGE ID', 'NAMES'], [['1', 'abcdefghijkl', 'web']])).toBe(
    'TAG       IMAGE ID       NAMES\n1         abcdefghijkl   web\n',
  )
})

test('formatTable() prints the header alone when there is nothing', () => {
  expect(formatTable(['A', 'B'], [])).toBe('A         B\n')
})

test('formatTable() escapes control characters in names', () => {
  expect(formatTable(['NAME'], [['a\u001b[2J']])).toBe('NAME\na\\u001b[2J\n')
})

test('ellipsis() ends a cut text with one character', () => {
  expect(ellipsis('abc', 3)).toBe('abc')
  expect(ellipsis('abcd', 3)).toBe('ab…')
})
