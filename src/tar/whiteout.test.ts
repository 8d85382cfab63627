import { expect, test } from 'bun:test'
import { parseWhiteout } from './whiteout.ts'

test.each([
  ['a/.wh.b', { kind: 'name', name: 'b' }],
  ['.wh.wh', { kind: 'name', name: 'wh' }],
  ['.wh..hidden', { kind: 'name', name: '.hidden' }],
  ['.wh....', { kind: 'name', name: '...' }],
  ['a/.wh..wh..opq', { kind: 'opaque' }],
  ['.wh..wh.aufs', { kind: 'ignored' }],
  ['a/.wh..wh.plnk/1.2', { kind: 'ignored' }],
  ['.wh.', 'invalid'],
  ['a/.wh..', 'invalid'],
  ['a/.wh...', 'invalid'],
  ['a/.wh.b/c', 'invalid'],
  ['a/x.wh.b', undefined],
  ['a/.who', undefined],
] as const)('parseWhiteout() reads %p', (path, expected) => {
  expect(parseWhiteout(path)).toEqual(expected)
})
