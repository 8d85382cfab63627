import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { hasWildcard, matchPattern, PatternError } from './glob.ts'

describe('matchPattern()', () => {
  const rows: readonly (readonly [pattern: string, path: string, expected: boolean])[] = [
    ['abc', 'abc', true],
    ['abc', 'abcd', false],
    ['', '', true],
    ['*', '', true],
    ['*', 'abc', true],
    ['*', 'a/c', false],
    ['*c', 'abc', true],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxexxx/fff', false],
    ['a?c', 'aéc', true],
    ['a?c', 'a😀c', true],
    ['a?c', 'a/c', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[^b-d]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a[\\]]c', 'a]c', true],
    ['[\\-x]', '-', true],
    ['[α-ω]*', 'αβγ', true],
    ['[z-a]', 'm', false],
    ['a[^b]c', 'a/c', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['\\\\', '\\', true],
    ['**', 'ab', true],
    ['**', 'a/b', false],
    ['*/', 'a/', true],
  ]
  for (const [pattern, path, expected] of rows) {
    test(`matchPattern() returns ${expected} for ${pattern} and ${path}`, () => {
      expect(matchPattern(pattern, path)).toBe(expected)
    })
  }

  for (const pattern of [
    '[',
    '[]',
    '[]a]',
    '[a',
    '[a-]',
    '[-x]',
    '[^]',
    '[\\',
    'a\\',
    '[a-b-c]',
    'x[',
  ]) {
    test(`matchPattern() refuses ${pattern}`, () => {
      expect(() => matchPattern(pattern, 'a')).toThrow(PatternError)
    })
  }

  test('matchPattern() agrees with the definition', () => {
    const matches = (pattern: string, text: string): boolean => {
      const rest = pattern.slice(1)
      if (pattern === '') return text === ''
      if (pattern[0] === '*') {
        return matches(rest, text) || (/^[^/]/.test(text) && matches(pattern, text.slice(1)))
      }
      if (text === '') return false
      const fits = pattern[0] === '?' ? text[0] !== '/' : pattern[0] === text[0]
      return fits && matches(rest, text.slice(1))
    }
    const patterns = fc.array(fc.constantFrom('a', 'b', '/', '*', '?'), { maxLength: 8 })
    const paths = fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 8 })
    fc.assert(
      fc.property(patterns, paths, (pattern, path) => {
        const [p, t] = [pattern.join(''), path.join('')]
        expect(matchPattern(p, t)).toBe(matches(p, t))
      }),
      { numRuns: 3000 },
    )
  })
})

test('hasWildcard() finds the special characters of matchPattern()', () => {
  expect(['a', 'a*', 'a?', '[a]', 'a\\*', 'a/b.c'].map(hasWildcard)).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
  ])
})
