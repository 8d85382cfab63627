import { expect, test } from 'bun:test'
import { formatTime, parseEpoch } from './times.ts'

test('parseEpoch() reads seconds, and empty text as absent', () => {
  expect(parseEpoch('0')).toBe(0)
  expect(parseEpoch('1700000000')).toBe(1_700_000_000)
  expect(parseEpoch('')).toBeUndefined()
  expect(parseEpoch(undefined)).toBeUndefined()
})

test.each(['-1', '1.5', '1e9', 'now', '253402300800', '99999999999999999999', ' 1'])(
  'parseEpoch(%p) is refused',
  (text) => {
    expect(() => parseEpoch(text)).toThrow('it is not a number of seconds since 1970')
  },
)

test('formatTime() writes whole seconds', () => {
  expect(formatTime(0)).toBe('1970-01-01T00:00:00Z')
  expect(formatTime(253_402_300_799)).toBe('9999-12-31T23:59:59Z')
})
