import { expect, test } from 'bun:test'
import type { Digest } from '#oci'
import { type ClientCaches, readCacheExports, readCacheImports } from './caches.ts'

const asked: unknown[] = []
const note = (directory: string, digest?: Digest): ReturnType<ClientCaches['write']> => {
  asked.push([directory, digest])
  return () => {
    throw new Error('nobody opens it here')
  }
}
const clients: ClientCaches = { read: note, write: note }

test('readCacheImports() reads each cache once, from all its places', () => {
  const entry = { Type: 'registry', Attrs: { ref: 'host.example/a:b' } }
  const attributes = { 'cache-imports': JSON.stringify([entry]), 'cache-from': 'host.example/c' }
  expect(readCacheImports(attributes, [entry], clients)).toEqual([
    { kind: 'registry', reference: 'host.example/a:b', insecure: false },
    { kind: 'registry', reference: 'host.example/c', insecure: false },
  ])
})

test('readCacheExports() reads types and modes', () => {
  const entries = [
    { Type: 'inline', Attrs: {} },
    { Type: 'registry', Attrs: { ref: 'host.example/a', mode: 'max', 'ignore-error': 'true' } },
  ]
  expect(readCacheExports(entries, clients)).toMatchObject([
    { kind: 'inline' },
    { kind: 'registry', mode: 'max', ignoresErrors: true },
  ])
})

test('readCacheImports() and readCacheExports() leave directories to the client', () => {
  const digest: Digest = `sha256:${'a'.repeat(64)}`
  const local = { Type: 'local', Attrs: { src: '../cache', digest } }
  const target = { Type: 'local', Attrs: { dest: '/etc', mode: 'max' } }
  expect(readCacheImports({}, [local], clients)).toMatchObject([{ kind: 'given' }])
  expect(readCacheExports([target], clients)).toMatchObject([{ kind: 'given', mode: 'max' }])
  expect(asked).toEqual([
    ['../cache', digest],
    ['/etc', undefined],
  ])
  expect(() => readCacheImports({ 'cache-from': 'type=local' }, [], clients)).toThrow()
})

test.each(['{', '{}', '[1]', '[{"Type":1}]', '[{"Type":"s3","Attrs":{"a":1}}]'])(
  'readCacheImports() refuses %s',
  (text) => {
    expect(() => readCacheImports({ 'cache-imports': text }, [], clients)).toThrow(
      '"cache-imports": ',
    )
  },
)
