import { expect, test } from 'bun:test'
import { encode } from '#grpc'
import { Op } from './messages/ops.ts'
import { readReference, readRemoteSource, referenceDefinition } from './references.ts'

test('readReference() reads what referenceDefinition() made', () => {
  expect(readReference(referenceDefinition('some-id'), 'it')).toBe('some-id')
})

test('readRemoteSource() reads the URL of a repository or an archive', () => {
  const remote = (identifier: string, attrs = {}) =>
    readRemoteSource({ def: [encode(Op, { source: { identifier, attrs } })] })
  expect(
    remote('git://host.example/r#main:dir', { 'git.fullurl': 'https://host.example/r.git' }),
  ).toBe('https://host.example/r.git#main:dir')
  expect(remote('git://host.example/r')).toBe('git://host.example/r')
  expect(remote('https://host.example/a.tgz')).toBe('https://host.example/a.tgz')
  expect(remote('docker-image://docker.io/library/a')).toBeUndefined()
  expect(remote('local://context')).toBeUndefined()
  expect(readRemoteSource(referenceDefinition('a'))).toBeUndefined()
})

test('readReference() refuses definitions of other programs', () => {
  const image = encode(Op, { source: { identifier: 'docker-image://docker.io/library/a' } })
  for (const def of [[], [image], [image, ...referenceDefinition('a').def]]) {
    expect(() => readReference({ def }, 'the build')).toThrow('Cannot solve the build')
  }
})
