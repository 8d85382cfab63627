import { expect, test } from 'bun:test'
import { toJson } from './reply.ts'

test('toJson() writes a bigint with all its digits, and no text as a number', () => {
  expect(toJson({ time: 1795937988123456789n, list: [-1n] })).toBe(
    '{"time":1795937988123456789,"list":[-1]}',
  )
  expect(toJson({ label: '\u00005\u0000' })).toBe('{"label":"\\u00005\\u0000"}')
})
