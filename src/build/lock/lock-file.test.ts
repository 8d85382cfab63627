import { describe, expect, test } from 'bun:test'
import { sha256 } from '#oci'
import type { BuildLock } from './lock.ts'
import { formatLock, parseLock } from './lock-file.ts'

const digest = sha256('x')
const lock: BuildLock = {
  sources: [
    { kind: 'download', url: 'https://h/b', digest },
    { kind: 'http', url: 'https://h/b', digest },
    { kind: 'git', url: 'https://h/r.git#main', commit: 'a'.repeat(40) },
    { kind: 'image', reference: 'h/b:1', platform: 'linux/arm64', digest },
    { kind: 'image', reference: 'h/b:1', platform: 'linux/amd64', digest },
    { kind: 'image', reference: 'h/a:1', platform: 'linux/amd64', digest },
    { kind: 'frontend', reference: 'docker/dockerfile:1' },
  ],
}

const text = `{
  "version": 1,
  "sources": [
    {
      "kind": "frontend",
      "reference": "docker/dockerfile:1"
    },
    {
      "kind": "image",
      "reference": "h/a:1",
      "platform": "linux/amd64",
      "digest": "${digest}"
    }
  ]
}
`

describe('formatLock()', () => {
  test('sorts by kind and name, and ends every file in the same way', () => {
    const kept = lock.sources.filter(({ kind }) => kind === 'frontend' || kind === 'image')
    expect(formatLock({ sources: kept.slice(2) })).toBe(text)
    expect(parseLock(formatLock(lock), 'f').sources).toEqual([...lock.sources].reverse())
  })

  test('gives the same text to every order, and to what it has written itself', () => {
    const reversed = { sources: [...lock.sources].reverse() }
    expect(formatLock(reversed)).toBe(formatLock(lock))
    expect(formatLock(parseLock(formatLock(lock), 'f'))).toBe(formatLock(lock))
  })
})

const file = (...sources: readonly unknown[]): string => JSON.stringify({ version: 1, sources })
const image = { kind: 'image', reference: 'h/a', platform: 'linux/amd64', digest }

const refused: readonly (readonly [text: string, reason: string])[] = [
  ['', 'it is not JSON'],
  ['[]', 'it is no object'],
  ['null', 'it is no object'],
  ['{"sources":[]}', 'its version is undefined and not 1'],
  ['{"version":2,"sources":[]}', 'its version is 2 and not 1'],
  ['{"version":"1","sources":[]}', 'its version is "1" and not 1'],
  ['{"version":1}', 'it has no list of sources'],
  ['{"version":1,"sources":{}}', 'it has no list of sources'],
  ['{"version":1,"sources":[],"more":1}', 'it has the unknown member "more"'],
  [file(1), 'source 1 is not valid'],
  [file(image, { ...image, reference: '' }), 'source 2 is not valid'],
  [file({ ...image, more: 1 }), 'source 1 is not valid'],
  [file({ ...image, kind: 'other' }), 'source 1 is not valid'],
  [file({ ...image, digest: 'sha256:1' }), 'source 1 is not valid'],
  [file({ ...image, digest: `sha512:${'a'.repeat(128)}` }), 'source 1 is not valid'],
  [file({ ...image, reference: 'a'.repeat(8193) }), 'source 1 is not valid'],
  [file({ kind: 'git', url: 'u', commit: 'main' }), 'source 1 is not valid'],
  [file({ kind: 'http', url: 1, digest }), 'source 1 is not valid'],
  [file(image, { ...image, digest: sha256('y') }), 'it has h/a for linux/amd64 twice'],
  [file(...Array.from({ length: 100_001 }, () => 1)), 'it has more than 100000 sources'],
]

test.each(refused)('parseLock() refuses %#', (content, reason) => {
  expect(() => parseLock(content, 'build.lock')).toThrow(`Cannot read build.lock: ${reason}`)
})
