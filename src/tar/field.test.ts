import { expect, test } from 'bun:test'
import { readNumber, readTime } from './field.ts'

function number(field: string | Uint8Array): number {
  const bytes = Buffer.from(field as string)
  return readNumber(bytes, 0, bytes.length)
}

test.each([
  ['0000644\0', 0o644],
  ['   644 \0', 0o644],
  ['\0      \0', 0],
  ['77777777777\0', 8589934591],
  ['777777777777', 68719476735],
  ['\0\0\0\0\0\0\0\0', 0],
  ['        ', 0],
  ['644\0junk', 0o644],
])('readNumber() reads the octal field %p', (field, expected) => {
  expect(number(field)).toBe(expected)
})

test.each(['0000648\0', '-000001\0', '644x   \0', '6 44   \0', '0x1ff\0', '\x00644\0'])(
  'readNumber() returns NaN for %p',
  (field) => {
    expect(number(field)).toBeNaN()
  },
)

test('readNumber() reads base-256 numbers of either sign', () => {
  expect(number(Uint8Array.of(0x80, 0, 0, 0, 0, 0x20, 0, 0))).toBe(0x200000)
  expect(number(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toBe(-1)
  expect(number(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0))).toBe(-256)
})

test('readNumber() returns NaN for numbers that are not safe integers', () => {
  expect(number(Uint8Array.of(0x80, 0x40, 0, 0, 0, 0, 0, 0, 0))).toBeNaN()
  expect(number(Uint8Array.of(0x80, 0, 0, 0, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))).toBe(
    Number.MAX_SAFE_INTEGER,
  )
  expect(number(Uint8Array.of(0x80, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0))).toBeNaN()
})

test.each([
  ['0', 0, 0],
  ['1350244992.023960108', 1350244992, 23960108],
  ['1.5', 1, 500_000_000],
  ['-1.5', -2, 500_000_000],
  ['-3', -3, 0],
  ['-0.1', -1, 900_000_000],
  ['5.', 5, 0],
  ['1.0000000019', 1, 1],
])('readTime() reads %p, rounding seconds down', (text, seconds, nanoseconds) => {
  const bytes = Buffer.from(text)
  expect(readTime(bytes, 0, bytes.length)).toEqual({ seconds, nanoseconds })
})

test.each(['', '-', '1.x', '+1', '1e3', ' 1', '.5', '99999999999999999999'])(
  'readTime() refuses %p',
  (text) => {
    const bytes = Buffer.from(text)
    expect(readTime(bytes, 0, bytes.length)).toBeUndefined()
  },
)
