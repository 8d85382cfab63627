import { expect, test } from 'bun:test'
import { formatPackageUrl, parsePackageUrl } from './package-url.ts'

test.each([
  [{ type: 'docker', name: 'alpine', version: 'latest' }, 'pkg:docker/alpine@latest'],
  [
    { type: 'docker', namespace: 'localhost:5000/foo', name: 'bar', version: 'v1' },
    'pkg:docker/localhost:5000/foo/bar@v1',
  ],
  [
    { type: 'npm', namespace: '@babel', name: 'core', version: '7.0.0+a b' },
    'pkg:npm/%40babel/core@7.0.0%2Ba%20b',
  ],
  [
    {
      type: 'docker',
      name: 'b',
      qualifiers: { platform: 'linux/amd64', digest: 'sha256:00', empty: '', none: undefined },
    },
    'pkg:docker/b?digest=sha256:00&platform=linux%2Famd64',
  ],
])('formatPackageUrl(%p)', (parts, expected) => {
  expect(formatPackageUrl(parts)).toBe(expected)
})

test('formatPackageUrl() writes half a surrogate pair as a replacement character', () => {
  expect(formatPackageUrl({ type: 'npm', name: '\ud800' })).toBe('pkg:npm/%EF%BF%BD')
})

test('parsePackageUrl() reads back what formatPackageUrl() writes, and nothing else', () => {
  const parts = {
    type: 'docker',
    namespace: 'localhost:5000/own',
    name: 'a b',
    version: '1:2',
    qualifiers: { platform: 'linux/amd64', digest: 'sha256:1' },
  }
  expect(parsePackageUrl(formatPackageUrl(parts))).toEqual(parts)
  for (const text of ['docker/a', 'pkg:docker', 'pkg:docker/%zz', 'https://x']) {
    expect(parsePackageUrl(text)).toBeUndefined()
  }
})
