import { expect, test } from 'bun:test'
import { parseDigest } from '#oci'
import { type Endpoint, formatEndpoint, parseEndpoint } from './endpoints.ts'
import { expectCode } from './testing/expect-code.ts'

const digest = parseDigest(`sha256:${'ab'.repeat(32)}`)
const long = parseDigest(`sha512:${'cd'.repeat(64)}`)
const repository = 'a/b-c/d__e'

const endpoints: readonly Endpoint[] = [
  { kind: 'ping' },
  { kind: 'catalog', page: {} },
  { kind: 'catalog', page: { n: 10, last: 'a/b' } },
  { kind: 'tags', repository, page: {} },
  { kind: 'tags', repository, page: { n: 0, last: 'v1' } },
  { kind: 'manifest', repository, reference: 'v1.2-x_Y' },
  { kind: 'manifest', repository, reference: long, tags: ['a', 'b'] },
  { kind: 'blob', repository, digest },
  { kind: 'uploads', repository },
  { kind: 'uploads', repository, digest },
  { kind: 'uploads', repository, mount: digest, from: 'x/y' },
  { kind: 'uploads', repository, algorithm: 'sha512' },
  { kind: 'upload', repository, session: 'abc_DEF-123' },
  { kind: 'upload', repository, session: 'abc', digest: long },
  { kind: 'referrers', repository, digest, page: {} },
  { kind: 'referrers', repository, digest, artifactType: 'a/b+c', page: { last: digest } },
  { kind: 'tags', repository: 'manifests/blobs/tags', page: {} },
  { kind: 'blob', repository: 'blobs/uploads', digest },
]

const parse = (path: string): Endpoint | undefined =>
  parseEndpoint(new URL(path, 'http://localhost:5000'))

test('parseEndpoint() understands everything formatEndpoint() writes', () => {
  for (const endpoint of endpoints) expect(parse(formatEndpoint(endpoint))).toEqual(endpoint)
})

test('parseEndpoint() accepts a colon that was escaped', () => {
  const escaped = `/v2/a/blobs/${digest.replace(':', '%3A')}`
  expect(parse(escaped)).toEqual({ kind: 'blob', repository: 'a', digest })
})

test('parseEndpoint() returns undefined for other paths', () => {
  for (const path of [
    '/',
    '/v1/',
    '/v2/a',
    '/v2/a/unknown/x',
    '/v2/_catalog/x',
    '/v2/a/tags/all',
  ]) {
    expect(parse(path)).toBeUndefined()
  }
})

test('parseEndpoint() refuses names, tags and digests outside their grammar', async () => {
  const attempt = async (path: string): Promise<unknown> => parse(path)
  for (const name of ['A', 'a//b', 'a..b', '-a', 'a-', 'a/_b', 'a'.repeat(256)]) {
    await expectCode(attempt(`/v2/${name}/tags/list`), ['NAME_INVALID'])
  }
  for (const tag of ['.x', '-x', 'a'.repeat(129), 'a+b']) {
    await expectCode(attempt(`/v2/a/manifests/1?tag=${encodeURIComponent(tag)}`), [
      'MANIFEST_INVALID',
    ])
  }
  for (const bad of ['sha256:xyz', 'md5:00', `sha256:${'AB'.repeat(32)}`, 'sha256:ab']) {
    await expectCode(attempt(`/v2/a/blobs/${bad}`), ['DIGEST_INVALID'])
    await expectCode(attempt(`/v2/a/manifests/x:${bad}`), ['DIGEST_INVALID'])
  }
  await expectCode(attempt('/v2/a/tags/list?n=-1'), ['INVALID'])
})

test('parseEndpoint() refuses escapes and other signs that no path of the API has', async () => {
  const attempt = async (path: string): Promise<unknown> => parse(path)
  for (const path of [
    '/v2/_catalo%67',
    '/v2/%5fcatalog',
    '/v2/;x',
    '/v2/a;b/tags/list',
    '/v1%2f',
    '/v2/%00',
    '/v2/%ff',
    '/v2/é',
    `/v2/${'a/'.repeat(2100)}`,
  ]) {
    await expectCode(attempt(path), ['NAME_INVALID'])
  }
})

test('parseEndpoint() refuses invalid sessions, numbers and algorithms', async () => {
  const attempt = async (path: string): Promise<unknown> => parse(path)
  for (const session of ['x'.repeat(129), 'a.b', 'a~', 'a:b', '...']) {
    await expectCode(attempt(`/v2/a/blobs/uploads/${session}`), ['BLOB_UPLOAD_UNKNOWN'])
  }
  for (const n of ['-1', '1.5', '', '+1', '1'.repeat(16)]) {
    await expectCode(attempt(`/v2/_catalog?n=${n}`), ['INVALID'])
  }
  for (const algorithm of ['sha1', 'sha384', 'sha256%20', 'SHA256', '']) {
    const path = `/v2/a/blobs/uploads/?digest-algorithm=${algorithm}`
    await expectCode(attempt(path), ['DIGEST_INVALID'])
  }
})
