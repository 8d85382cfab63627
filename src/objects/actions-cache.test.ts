import { expect, test } from 'bun:test'
import { fromBuffer, toBuffer } from '#stream'
import { serveActions } from '../../test/e2e/actions-server.ts'
import { openActionsCache } from './actions-cache.ts'

const sleep = async (): Promise<void> => {}

test('openActionsCache() writes an entry in blocks once, and finds it by its beginning', async () => {
  await using server = serveActions()
  const cache = openActionsCache({ ...server, attempts: 3, timeout: 10_000, sleep })
  expect(cache.scopes).toEqual([{ name: 'refs/heads/main', canWrite: true }])
  const bytes = new Uint8Array(20_000_000).map((_, index) => index % 251)
  expect(await cache.find('blob-1')).toBeUndefined()
  expect(await cache.write('blob-1', fromBuffer(bytes), bytes.length)).toBe(true)
  expect(await cache.write('blob-1', fromBuffer(bytes), bytes.length)).toBe(false)
  expect(server.requests.filter((each) => each.startsWith('PUT'))).toHaveLength(4)
  const entry = await cache.find('blob-')
  expect(entry?.key).toBe('blob-1')
  if (entry === undefined) return
  expect(Buffer.compare(await toBuffer(cache.read(entry), 1e9), bytes)).toBe(0)
  const rest = await toBuffer(cache.read(entry, 19_999_990), 1e9)
  expect(Buffer.compare(rest, bytes.subarray(19_999_990))).toBe(0)
})

test('openActionsCache() tries again after server errors, and names no signature in errors', async () => {
  await using server = serveActions()
  const cache = openActionsCache({ ...server, attempts: 3, timeout: 10_000, sleep })
  server.failures = [503, 429]
  expect(await cache.write('a', fromBuffer(new Uint8Array(3)), 3)).toBe(true)
  server.failures = [500, 500, 500]
  await expect(cache.find('a')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  const entry = await cache.find('a')
  server.failures = [403]
  const reading = toBuffer(cache.read(entry ?? { key: '', url: '' }), 10)
  await expect(reading).rejects.toThrow(
    /^Cannot read a of the cache of GitHub Actions: the server answered 403$/,
  )
})

test.each(['', 'a.b.c', `x.${Buffer.from('{"ac":"[]"}').toString('base64url')}.y`])(
  'openActionsCache() refuses the token %p',
  (token) => {
    const options = { url: 'http://127.0.0.1', token, attempts: 1, timeout: 1000 }
    expect(() => openActionsCache(options)).toThrow(
      'Cannot use the cache of GitHub Actions: its token',
    )
  },
)
