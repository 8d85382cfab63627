import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { compareNames, decodeName, encodeName, printableName } from './name.ts'

test('decodeName() and encodeName() preserve every byte of any name', () => {
  const every = Uint8Array.from({ length: 256 }, (_, i) => i)
  expect(encodeName(decodeName(every))).toEqual(every)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(new Uint8Array(encodeName(decodeName(bytes)))).toEqual(bytes)
    }),
  )
})

test('decodeName() returns valid UTF-8 as text', () => {
  expect(decodeName(Buffer.from('größe/日本/😀'))).toBe('größe/日本/😀')
})

test('decodeName() distinguishes surrogates encoded in UTF-8 from escaped bytes', () => {
  const coded = Uint8Array.of(0xed, 0xb2, 0x80)
  expect(decodeName(coded)).toBe('\udced\udcb2\udc80')
  expect(new Uint8Array(encodeName(decodeName(coded)))).toEqual(coded)
})

test('encodeName() returns the UTF-8 of other names', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(decodeName(encodeName(text))).toBe(text)
    }),
  )
})

test('compareNames() orders names by their bytes, also beyond the basic plane', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }), (a, b) => {
      expect(Math.sign(compareNames(decodeName(a), decodeName(b)))).toBe(Buffer.compare(a, b))
    }),
  )
  expect(compareNames('\u{ffff}', '\u{10000}')).toBe(-1)
})

test('printableName() escapes characters that control a terminal or mislead', () => {
  expect(printableName('usr/bin/env')).toBe('usr/bin/env')
  expect(printableName('a b')).toBe('"a b"')
  expect(printableName('\u001b[2J\n')).toBe('"\\u{1b}[2J\\u{a}"')
  expect(printableName('abc\u202etxt.exe')).toBe('"abc\\u{202e}txt.exe"')
  expect(printableName(decodeName(Uint8Array.of(0x61, 0xff)))).toBe('"a\\xff"')
  expect(printableName('x'.repeat(5000)).length).toBeLessThan(310)
})
