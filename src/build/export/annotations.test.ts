import { expect, test } from 'bun:test'
import { annotationsFor, type BuildAnnotation } from './annotations.ts'

const amd64 = { os: 'linux', architecture: 'amd64' }
const arm64 = { os: 'linux', architecture: 'arm64' }
const manifest = (key: string, value: string): BuildAnnotation => ({
  places: ['manifest'],
  key,
  value,
})

test('annotationsFor() selects by document and platform, sorts, and lets the last value win', () => {
  const annotations: readonly BuildAnnotation[] = [
    manifest('b', '1'),
    manifest('a', '2'),
    manifest('b', '3'),
    { places: ['index', 'manifest'], key: 'c', value: '4' },
    { places: ['manifest'], platform: arm64, key: 'd', value: '5' },
  ]
  const found = annotationsFor(annotations, 'manifest', amd64)
  expect(JSON.stringify(found)).toBe('{"a":"2","b":"3","c":"4"}')
  expect(annotationsFor(annotations, 'manifest', arm64)).toHaveProperty('d', '5')
  expect(annotationsFor(annotations, 'index')).toEqual({ c: '4' })
  expect(annotationsFor(annotations, 'index-descriptor')).toBeUndefined()
})
