import { describe, expect, test } from 'bun:test'
import { suggest, withSuggestion } from './suggest.ts'

describe('suggest()', () => {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['RUNN', 'RUN'],
    ['rnu', 'RUN'],
    ['FORM', 'FROM'],
    ['ENTRYPIONT', 'ENTRYPOINT'],
    ['HELTHCHECK', 'HEALTHCHECK'],
    ['X', undefined],
    ['HELLOWORLD', undefined],
    ['', undefined],
    ['RUN'.repeat(1000), undefined],
  ]
  for (const [word, expected] of rows) {
    test(`suggest() finds ${expected} for ${word.slice(0, 20)}`, () => {
      expect(suggest(word, ['RUN', 'FROM', 'ENTRYPOINT', 'HEALTHCHECK'])).toBe(expected)
    })
  }

  test('suggest() returns the nearest candidate, and of two the first', () => {
    expect(suggest('cat', ['bat', 'cut', 'cat'])).toBe('cat')
    expect(suggest('cot', ['cut', 'cat'])).toBe('cut')
  })
})

test('withSuggestion() adds a question only for a suggestion', () => {
  expect(withSuggestion('unknown', 'rum', ['run'])).toBe('unknown (did you mean run?)')
  expect(withSuggestion('unknown', 'xyz', ['run'])).toBe('unknown')
})
