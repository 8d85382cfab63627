import { expect, test } from 'bun:test'
import { matchesRepository, matchesText } from './glob.ts'

test('globs of repositories: * ends at a slash, ** does not, and the whole name must match', () => {
  for (const [glob, name, isMatch] of [
    ['team/*', 'team/app', true],
    ['team/*', 'team/', true],
    ['team/*', 'team/a/b', false],
    ['team/**', 'team/a/b', true],
    ['**/app', 'a/b/app', true],
    ['**/app', 'app', false],
    ['a*c*e', 'abcde', true],
    ['a*c*e', 'a/c/e', false],
    ['a**c*e', 'a/b/cde', true],
    ['a**c*e', 'a/b/c/e', false],
    ['**x*y**', 'a/x-y/b', true],
    ['**x*y**', 'a/x/y/b', false],
    ['aba*aba', 'aba', false],
    ['aba*aba', 'abaaba', true],
    ['app', 'app2', false],
    ['a.c', 'abc', false],
  ] as const) {
    expect([glob, name, matchesRepository(glob, name)]).toEqual([glob, name, isMatch])
  }
})

test('globs of texts: * is any text, also with slashes and line breaks', () => {
  expect(matchesText('acme/*', 'acme/a/b\nc')).toBe(true)
  expect(matchesText('v*.*', 'v1.2')).toBe(true)
  expect(matchesText('v*.*', 'v12')).toBe(false)
  expect(matchesText('*😀', 'x😀')).toBe(true)
  expect(matchesText('', '')).toBe(true)
  expect(matchesText('', 'a')).toBe(false)
})

test('a glob of many wildcards takes time in proportion to its text', () => {
  // As a regular expression, each of these would try more ways than a machine can.
  const name = `${'a'.repeat(250)}b`
  expect(matchesRepository(`${'*a'.repeat(100)}*c`, name)).toBe(false)
  expect(matchesRepository(`${'**a*'.repeat(60)}c`, name)).toBe(false)
  expect(matchesText(`${'*a'.repeat(60)}`, name.repeat(40))).toBe(false)
})
