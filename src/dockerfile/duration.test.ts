import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { formatDuration, parseDuration } from './duration.ts'

describe('parseDuration()', () => {
  const rows: readonly (readonly [string, number | undefined])[] = [
    ['0', 0],
    ['0s', 0],
    ['1h30m', 5400e9],
    ['1.5s', 1.5e9],
    ['.5s', 0.5e9],
    ['1.s', 1e9],
    ['-10ms', -10e6],
    ['+2us', 2e3],
    ['3µs', 3e3],
    ['7ns', 7],
    ['30', undefined],
    ['', undefined],
    ['-', undefined],
    ['s', undefined],
    ['.s', undefined],
    ['1d', undefined],
    ['1s ', undefined],
    ['1 s', undefined],
    ['9999999h', undefined],
  ]
  for (const [text, expected] of rows) {
    test(`parseDuration() reads ${JSON.stringify(text)} as ${expected}`, () => {
      expect(parseDuration(text)).toBe(expected)
    })
  }

  test('parseDuration() reads what formatDuration() writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e15, max: 1e15 }), (nanoseconds) => {
        expect(parseDuration(formatDuration(nanoseconds))).toBe(nanoseconds)
      }),
    )
  })
})

describe('formatDuration()', () => {
  const rows: readonly (readonly [number, string])[] = [
    [0, '0s'],
    [1, '1ns'],
    [1500, '1.5µs'],
    [250e6, '250ms'],
    [1.5e9, '1.5s'],
    [90e9, '1m30s'],
    [3600e9, '1h0m0s'],
    [-60e9, '-1m0s'],
  ]
  for (const [nanoseconds, expected] of rows) {
    test(`formatDuration() writes ${expected}`, () => {
      expect(formatDuration(nanoseconds)).toBe(expected)
    })
  }
})
