import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseShellPattern, replacePattern, trimPrefix, trimSuffix } from './shell-pattern.ts'

/** The definition as simple, slow code. */
function matches(pattern: string, text: string): boolean {
  if (pattern === '') return text === ''
  const rest = pattern.slice(1)
  if (pattern[0] === '*') {
    return matches(rest, text) || (text !== '' && matches(pattern, text.slice(1)))
  }
  return (
    text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && matches(rest, text.slice(1))
  )
}

function lengths(text: string, longest: boolean): number[] {
  const all = Array.from({ length: text.length + 1 }, (_, length) => length)
  return longest ? all.reverse() : all
}

const charge = (): void => {}
const checkLength = charge
const patterns = fc
  .array(fc.constantFrom('a', 'b', '*', '?'), { maxLength: 6 })
  .map((a) => a.join(''))
const texts = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 }).map((a) => a.join(''))

test('trimPrefix() and trimSuffix() remove the shortest or longest match', () => {
  fc.assert(
    fc.property(patterns, texts, fc.boolean(), (pattern, text, longest) => {
      const parsed = parseShellPattern(pattern)
      const head = lengths(text, longest).find((n) => matches(pattern, text.slice(0, n))) ?? 0
      const tail =
        lengths(text, longest).find((n) => matches(pattern, text.slice(text.length - n))) ?? 0
      expect(trimPrefix(text, parsed, { longest, charge })).toBe(text.slice(head))
      expect(trimSuffix(text, parsed, { longest, charge })).toBe(text.slice(0, text.length - tail))
    }),
    { numRuns: 2000 },
  )
})

test('replacePattern() replaces leftmost longest matches', () => {
  const nonEmpty = patterns.filter((pattern) => pattern !== '')
  fc.assert(
    fc.property(nonEmpty, texts, fc.boolean(), (pattern, text, all) => {
      let expected = ''
      let rest = text
      let done = false
      while (rest !== '') {
        const length: number = done
          ? 0
          : (lengths(rest, true).find((n) => n > 0 && matches(pattern, rest.slice(0, n))) ?? 0)
        expected += length > 0 ? 'X' : (rest[0] ?? '')
        rest = rest.slice(Math.max(1, length))
        done ||= length > 0 && !all
      }
      if (text === '' && matches(pattern, '')) expected = 'X'
      const parsed = parseShellPattern(pattern)
      expect(replacePattern(text, parsed, { replacement: 'X', all, charge, checkLength })).toBe(
        expected,
      )
    }),
    { numRuns: 2000 },
  )
})

test('replacePattern() calls its limit before the result grows', () => {
  const lengths: number[] = []
  const replace = (): string =>
    replacePattern('a'.repeat(1000), parseShellPattern('a'), {
      replacement: 'x'.repeat(100),
      all: true,
      charge,
      checkLength: (length) => {
        lengths.push(length)
        if (length > 250) throw new Error('too long')
      },
    })
  expect(replace).toThrow('too long')
  expect(lengths).toEqual([100, 200, 300])
})
