import { expect, test } from 'bun:test'
import { newest, splitVersion } from './versions.ts'

test('splitVersion() splits a version off, and takes a path without one for the newest', () => {
  expect(splitVersion('/v1.24/info')).toEqual({ version: 24, path: '/info' })
  expect(splitVersion('/info')).toEqual({ version: newest, path: '/info' })
  expect(splitVersion('/v1.44')).toEqual({ version: newest, path: '/v1.44' })
})

test('splitVersion() refuses versions that are too new or too old', () => {
  expect(() => splitVersion('/v1.99/info')).toThrow(
    'client version 1.99 is too new. Maximum supported API version is 1.56',
  )
  expect(() => splitVersion('/v2.0/info')).toThrow('too new')
  expect(() => splitVersion('/v1.23/info')).toThrow(
    'client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version',
  )
})
