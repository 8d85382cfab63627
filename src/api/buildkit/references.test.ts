import { expect, test } from 'bun:test'
import { encode } from '#grpc'
import { Op } from './messages/ops.ts'
import { readReference, referenceDefinition } from './references.ts'

test('readReference() reads what referenceDefinition() made', () => {
  expect(readReference(referenceDefinition('some-id'), 'it')).toBe('some-id')
})

test('readReference() refuses definitions of other programs', () => {
  const image = encode(Op, { source: { identifier: 'docker-image://docker.io/library/a' } })
  for (const def of [[], [image], [image, ...referenceDefinition('a').def]]) {
    expect(() => readReference({ def }, 'the build')).toThrow('Cannot solve the build')
  }
})
