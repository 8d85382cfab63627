import { expect, test } from 'bun:test'
import { widest, writeJsonText } from './json-text.ts'

function written(bytes: Uint8Array): string {
  const target = new Uint8Array(bytes.length * widest + 2)
  return Buffer.from(
    target.subarray(0, writeJsonText({ bytes, start: 0, end: bytes.length }, target, 0)),
  ).toString()
}

function expected(bytes: Uint8Array): string {
  return JSON.stringify(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))
}

test('writeJsonText() writes every byte and every pair of bytes as JSON.stringify() does', () => {
  for (let first = 0; first < 256; first++) {
    const one = Uint8Array.of(first)
    expect(written(one)).toBe(expected(one))
    for (let second = 0; second < 256; second++) {
      const pair = Uint8Array.of(first, second)
      if (written(pair) !== expected(pair)) expect([first, second]).toEqual([])
    }
  }
})

test('writeJsonText() replaces broken characters of three and four bytes as TextDecoder does', () => {
  const edges = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xed, 0xf0, 0xf4]
  for (const first of [0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5]) {
    for (const second of edges) {
      for (const third of edges) {
        for (const fourth of edges) {
          const four = Uint8Array.of(first, second, third, fourth)
          if (written(four) !== expected(four)) expect([...four]).toEqual([])
        }
      }
    }
  }
})

test('writeJsonText() writes real text and text of all planes', () => {
  for (const text of ['', 'a "b" \\ c\n', 'é€😀\u2028\uffff\u{10ffff}', '\0\x1f\x7f\b\f\t\r']) {
    expect(written(Buffer.from(text))).toBe(JSON.stringify(text))
  }
})

test('writeJsonText() reads only its part, writes at the given place and returns the end', () => {
  const target = new Uint8Array(12)
  const bytes = Buffer.from('xabé')
  expect(writeJsonText({ bytes, start: 1, end: 4 }, target, 3)).toBe(10)
  expect(Buffer.from(target).toString()).toBe('\0\0\0"ab\ufffd"\0\0')
})
