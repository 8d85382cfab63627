import { expect, test } from 'bun:test'
import { readQuery } from './query.ts'

const query = (text: string) => readQuery(new URLSearchParams(text))

test('flag() reads the words of Docker', () => {
  for (const word of ['1', 'true', 'True', 'yes', 'x'])
    expect(query(`a=${word}`).flag('a')).toBe(true)
  for (const word of ['', '0', 'no', 'false', 'FALSE', 'none']) {
    expect(query(`a=${word}`).flag('a')).toBe(false)
  }
  expect(query('').flag('a', true)).toBe(true)
})

test('text() refuses a value with a NUL', () => {
  expect(query('a=b').text('a')).toBe('b')
  expect(() => query('a=%00').text('a')).toThrow('it has a NUL')
})

test('whole() refuses what is no whole number', () => {
  expect(query('a=-5').whole('a')).toBe(-5)
  expect(query('a=').whole('a')).toBeUndefined()
  expect(() => query('a=1.5').whole('a')).toThrow('invalid syntax')
  expect(() => query('a=99999999999999999999').whole('a')).toThrow('invalid syntax')
})

test('filters() reads both forms of Docker', () => {
  const filters = (document: unknown) =>
    query(`filters=${encodeURIComponent(JSON.stringify(document))}`).filters()
  expect(filters({ label: { 'a=b': true, c: true }, name: { x: false } })).toEqual([
    'label=a=b',
    'label=c',
  ])
  expect(filters({ status: ['running', 'exited'] })).toEqual(['status=running', 'status=exited'])
  expect(query('').filters()).toEqual([])
})

test('filters() refuses everything else', () => {
  for (const text of ['{', '[]', '"a"', 'null', '{"a":1}', '{"a":[1]}', '{"a":{"b":"c"}}']) {
    expect(() => query(`filters=${encodeURIComponent(text)}`).filters()).toThrow('invalid filter')
  }
})
