import { expect, test } from 'bun:test'
import {
  formatAge,
  formatInstant,
  formatSeconds,
  formatSize,
  formatSpan,
  formatSum,
  shortId,
} from './units.ts'

test('formatSize() has decimal units and three digits', () => {
  const sizes = [0, 999, 1000, 1234, 187_400_000, 1_000_000_000, 2.5e12]
  expect(sizes.map(formatSize)).toEqual(['0B', '999B', '1kB', '1.23kB', '187MB', '1GB', '2.5TB'])
})

test('formatSum() has four digits, as the sums of system df and prune have', () => {
  expect([0, 999, 1_234_567, 2_166_900].map(formatSum)).toEqual([
    '0B',
    '999B',
    '1.235MB',
    '2.167MB',
  ])
})

test('formatSpan() formats a span as Docker does', () => {
  const second = 1000
  const hour = 3600 * second
  const spans = [0, second, 59 * second, 61 * second, 5 * 60 * second, hour, 3 * hour, 72 * hour]
  expect(spans.map(formatSpan)).toEqual([
    'Less than a second',
    '1 second',
    '59 seconds',
    'About a minute',
    '5 minutes',
    'About an hour',
    '3 hours',
    '3 days',
  ])
  expect(formatSpan(24 * 21 * hour)).toBe('3 weeks')
  expect(formatSpan(24 * 100 * hour)).toBe('3 months')
  expect(formatSpan(24 * 800 * hour)).toBe('2 years')
})

test('formatAge() ends with ago, also for an instant in the future', () => {
  const now = new Date('2026-01-01T00:00:10Z')
  expect(formatAge(new Date('2026-01-01T00:00:00Z'), now)).toBe('10 seconds ago')
  expect(formatAge(new Date('2027-01-01T00:00:00Z'), now)).toBe('Less than a second ago')
})

test('formatInstant() has the form of Go', () => {
  expect(formatInstant(new Date('2026-01-02T03:04:05.678Z'))).toMatch(
    /^2026-01-0[123] \d\d:\d\d:05 [+-]\d{4} \S+$/,
  )
})

test('formatSeconds() and shortId() are short', () => {
  expect(formatSeconds(1260)).toBe('1.3s')
  expect(shortId(`sha256:${'ab'.repeat(32)}`)).toBe('abababababab')
  expect(shortId('cd'.repeat(32))).toBe('cdcdcdcdcdcd')
})
