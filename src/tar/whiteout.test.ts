import { expect, test } from 'bun:test'
import type { TarHeader } from './entry.ts'
import { isOverlayWhiteout, parseWhiteout } from './whiteout.ts'

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

test.each([
  ['character', 0, 0, true],
  ['character', 0, 5, false],
  ['character', 5, 0, false],
  ['block', 0, 0, false],
  ['file', 0, 0, false],
] as const)('isOverlayWhiteout() of a %s %d:%d is %p', (type, major, minor, expected) => {
  const header: TarHeader = {
    path: 'x',
    type,
    linkpath: '',
    size: 0,
    mode: 0o600,
    uid: 0,
    gid: 0,
    mtime: 0,
    mtimeNanoseconds: 0,
    xattrs: new Map(),
    deviceMajor: major,
    deviceMinor: minor,
  }
  expect(isOverlayWhiteout(header)).toBe(expected)
})
