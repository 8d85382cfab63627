import { expect, test } from 'bun:test'
import { parseAuthorization } from './authorization.ts'

const encode = (text: string): string => Buffer.from(text).toString('base64')

test('parseAuthorization() reads Basic and Bearer, and takes nothing else for a login', () => {
  expect(parseAuthorization(null)).toEqual({ kind: 'none' })
  expect(parseAuthorization(`basic ${encode('alice:a:b')}`)).toEqual({
    kind: 'password',
    name: 'alice',
    secret: 'a:b',
  })
  expect(parseAuthorization('Bearer abc.def-_')).toEqual({ kind: 'bearer', token: 'abc.def-_' })
  for (const header of [
    '',
    'Basic',
    `Basic ${encode('alice')}`,
    'Bearer a b',
    'Bearer a, Basic b',
    'Digest x',
    `Bearer ${'a'.repeat(20_000)}`,
  ]) {
    expect(parseAuthorization(header)).toEqual({ kind: 'invalid' })
  }
})
