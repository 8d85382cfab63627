import { expect, test } from 'bun:test'
import { baseName, cleanPath, parentPath } from './path.ts'

test.each([
  ['etc/motd', 'etc/motd'],
  ['./etc//motd/', 'etc/motd'],
  ['/etc/motd', 'etc/motd'],
  ['a/./b/../c', 'a/c'],
  ['.', ''],
  ['./', ''],
  ['/', ''],
  ['a/..', ''],
  ['..a/b..', '..a/b..'],
  ['.../.a', '.../.a'],
])('cleanPath() spells %p as %p', (path, expected) => {
  expect(cleanPath(path)).toBe(expected)
})

test.each(['..', '../x', 'a/../../x', '/..', './../etc', 'a/b/../../..'])(
  'cleanPath() returns undefined for %p, which leaves the root',
  (path) => {
    expect(cleanPath(path)).toBeUndefined()
  },
)

test('parentPath() and baseName() split a clean path at its last slash', () => {
  expect([parentPath('a/b/c'), baseName('a/b/c')]).toEqual(['a/b', 'c'])
  expect([parentPath('a'), baseName('a')]).toEqual(['', 'a'])
})
