import { expect, test } from 'bun:test'
import { createKey } from './key.ts'

test('createKey() does not depend on the order of the parts', () => {
  expect(createKey({ a: '1', b: '2' }).hash).toBe(createKey({ b: '2', a: '1' }).hash)
})

test('createKey() gives different keys to parts that are the same text when joined', () => {
  const keys = [
    createKey({ a: '1', b: '2' }),
    createKey({ a: '1b', '2': '' }),
    createKey({ a: '1","b":"2' }),
    createKey({ a: '1\n["b","2"]' }),
    createKey({ a: '12' }),
    createKey({ a1: '2' }),
    createKey({ b: '12' }),
    createKey({ a: '1' }),
    createKey({ a: '1', b: '' }),
    createKey({}),
  ]
  expect(new Set(keys.map(({ hash }) => hash)).size).toBe(keys.length)
})
