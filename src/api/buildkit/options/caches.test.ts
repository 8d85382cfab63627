import { expect, test } from 'bun:test'
import { readCacheExports, readCacheImports } from './caches.ts'

test('readCacheImports() reads each cache once, from all its places', () => {
  const entry = { Type: 'registry', Attrs: { ref: 'host.example/a:b' } }
  const attributes = { 'cache-imports': JSON.stringify([entry]), 'cache-from': 'host.example/c' }
  expect(readCacheImports(attributes, [entry])).toEqual([
    { kind: 'registry', reference: 'host.example/a:b', insecure: false },
    { kind: 'registry', reference: 'host.example/c', insecure: false },
  ])
})

test('readCacheExports() reads types and modes', () => {
  const entries = [
    { Type: 'inline', Attrs: {} },
    { Type: 'registry', Attrs: { ref: 'host.example/a', mode: 'max', 'ignore-error': 'true' } },
  ]
  expect(readCacheExports(entries)).toMatchObject([
    { kind: 'inline' },
    { kind: 'registry', mode: 'max', ignoresErrors: true },
  ])
})

test('readCacheImports() and readCacheExports() open no directory of a client', () => {
  const local = { Type: 'local', Attrs: { src: '/etc' } }
  expect(() => readCacheImports({}, [local])).toThrow('on the machine of the client')
  const target = { Type: 'local', Attrs: { dest: '/etc' } }
  expect(() => readCacheExports([target])).toThrow('on the machine of the client')
})

test.each(['{', '{}', '[1]', '[{"Type":1}]', '[{"Type":"s3","Attrs":{"a":1}}]'])(
  'readCacheImports() refuses %s',
  (text) => {
    expect(() => readCacheImports({ 'cache-imports': text }, [])).toThrow('"cache-imports": ')
  },
)
