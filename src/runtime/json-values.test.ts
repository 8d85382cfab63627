import { expect, test } from 'bun:test'
import { jsonObjects } from './json-values.ts'

test('jsonObjects() reads objects in any layout', () => {
  const text = '{"a":1}\n{\n  "b": "{\\"}",\n  "c": {\n "d": []}\n}{"e":"\\\\"}'
  expect([...jsonObjects(text)]).toEqual([{ a: 1 }, { b: '{"}', c: { d: [] } }, { e: '\\' }])
})

test('jsonObjects() skips text that is not an object', () => {
  expect([...jsonObjects('words } "x" {"a":1} [2] {broken} {"b":2}\n{"c": "cut')]).toEqual([
    { a: 1 },
    { b: 2 },
  ])
  expect([...jsonObjects('')]).toEqual([])
})
