import { expect, test } from 'bun:test'
import { parseTime } from './time.ts'

const now = Date.parse('2026-01-01T12:00:00Z')

test('parseTime() reads ages, instants and seconds', () => {
  const read = (text: string): string => parseTime('--since', text, now).toISOString()
  expect(read('1h30m')).toBe('2026-01-01T10:30:00.000Z')
  expect(read('10s')).toBe('2026-01-01T11:59:50.000Z')
  expect(read('1.5h')).toBe('2026-01-01T10:30:00.000Z')
  expect(read('2025-12-31T00:00:00Z')).toBe('2025-12-31T00:00:00.000Z')
  expect(read('1700000000.5')).toBe('2023-11-14T22:13:20.500Z')
})

test('parseTime() names the flag when the text is not a time', () => {
  for (const text of ['', 'soon', '10x', '1h-2m', '99999999999999999999', '9999999999999d']) {
    expect(() => parseTime('--since', text)).toThrow(`Cannot use --since ${text}:`)
  }
})
