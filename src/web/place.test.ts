import { expect, test } from 'bun:test'
import { formatPlace, type Place, parsePlace } from './place.ts'

const digest = `sha256:${'a'.repeat(64)}` as const

test('every place has an address that leads back to it', () => {
  const places: readonly Place[] = [
    { kind: 'repositories', query: 'a&b=<c>', under: 'team/app', after: 'x' },
    { kind: 'repository', name: 'team/app', after: 'v1' },
    { kind: 'image', name: 'team/app', reference: 'v1' },
    { kind: 'image', name: 'app', reference: digest },
    { kind: 'history', name: 'app', tag: 'v1', before: 7 },
    { kind: 'files', name: 'app', reference: digest, path: 'a b/ü&<x>', skip: 500 },
    { kind: 'contents', name: 'app', reference: 'v1', path: 'bad\udcff' },
    { kind: 'compare', name: 'app', reference: 'v1', other: digest },
  ]
  for (const place of places) {
    const { pathname, searchParams } = new URL(formatPlace(place), 'http://registry')
    expect(parsePlace(pathname, searchParams)).toEqual(place)
  }
})

test('an address with a part outside its grammar is no place', () => {
  for (const path of [
    '/repositories/',
    '/repositories/UPPER',
    '/repositories/a//b',
    '/repositories/../x',
    '/repositories/a%2fb',
    '/repositories/a%3Cscript%3E',
    '/repositories/a/-/image/',
    '/repositories/a/-/image/sha256:abc',
    '/repositories/a/-/image/..',
    '/repositories/a/-/history/sha256:abc',
    '/repositories/a/-/unknown/v1',
    '/other',
  ]) {
    expect([path, parsePlace(path, new URLSearchParams())]).toEqual([path, undefined])
  }
  const before = new URLSearchParams({ before: '1 OR 1' })
  expect(parsePlace('/repositories/a/-/history/v1', before)).toBeUndefined()
})
