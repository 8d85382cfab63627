import { expect, test } from 'bun:test'
import { digestName, parseImageName, recordedName } from './image-name.ts'
import { parseReference } from './reference.ts'

const hex = '1'.repeat(64)

test('parseImageName() returns canonical names', () => {
  const parse = (text: string): string => parseImageName(text)
  expect(parse('app')).toBe('docker.io/library/app:latest')
  expect(parse('localhost:5000/sha256:1')).toBe('localhost:5000/sha256:1')
  expect(parse('team/sha256:1')).toBe('docker.io/team/sha256:1')
  expect(parse(hex.slice(0, 12))).toBe(`docker.io/library/${hex.slice(0, 12)}:latest`)
  expect(parse(`${hex}:1`)).toBe(`docker.io/library/${hex}:1`)
})

test('parseImageName() refuses names that look like an image ID', () => {
  for (const text of [
    `sha256:${hex}`,
    'sha256:abc',
    'sha256:latest',
    'sha256',
    'sha384:1',
    'sha512:1',
    'library/sha256:1',
    'docker.io/sha256:1',
    'docker.io/library/sha256:1',
    hex,
    'index.docker.io/library/sha256:1',
  ]) {
    expect(() => parseImageName(text)).toThrow(/Cannot (name an image|use reference) /)
  }
})

test('parseImageName() refuses a digest', () => {
  for (const text of [`debian@sha256:${hex}`, `debian:12@sha256:${hex}`, `h.io/a@sha256:${hex}`]) {
    expect(() => parseImageName(text)).toThrow('a digest cannot be chosen')
  }
})

test('digestName() and recordedName() name content by its digest', () => {
  const name = digestName(parseReference('debian:12'), `sha256:${hex}`)
  expect(name).toBe(digestName(parseReference('debian'), `sha256:${hex}`))
  expect(String(name)).toBe(`docker.io/library/debian@sha256:${hex}`)
  expect(recordedName(name)).toBe(name)
})
