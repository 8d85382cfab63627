import { expect, test } from 'bun:test'
import { fromBuffer, toBuffer } from '#stream'
import { serveAzure } from '../../test/e2e/azure-server.ts'
import { openContainer } from './container.ts'

const usual = { container: 'caches', attempts: 2, timeout: 10_000, sleep: async () => {} }

test('openContainer() makes the container once, writes in blocks, and reads from a byte on', async () => {
  await using server = serveAzure()
  const { url, account, key } = server
  const container = openContainer({ ...usual, url, credentials: { account, key } })
  const bytes = new Uint8Array(20_000_000).map((_, index) => index % 251)
  expect(await container.has('a/sha256:x y')).toBe(false)
  await container.write('a/sha256:x y', fromBuffer(bytes))
  await container.write('b', fromBuffer(new Uint8Array(3)))
  expect(await container.has('a/sha256:x y')).toBe(true)
  expect([...server.blobs.keys()]).toEqual(['caches/a/sha256:x y', 'caches/b'])
  expect(server.requests.filter((each) => each === 'PUT /caches')).toHaveLength(1)
  const rest = await toBuffer(container.read('a/sha256:x y', 19_999_990), 1e9)
  expect(Buffer.compare(rest, bytes.subarray(19_999_990))).toBe(0)
  expect((await toBuffer(container.read('a/sha256:x y'), 1e9)).length).toBe(bytes.length)
})

test('openContainer() names a wrong key, and an absent blob', async () => {
  await using server = serveAzure()
  const { url, account } = server
  const wrong = openContainer({ ...usual, url, credentials: { account, key: 'd3JvbmcK' } })
  await expect(wrong.has('a')).rejects.toMatchObject({ code: 'DENIED' })
  await expect(wrong.write('a', fromBuffer(new Uint8Array(1)))).rejects.toThrow(
    'Cannot find the container caches: the server answered 403',
  )
  const right = openContainer({ ...usual, url, credentials: { account, key: server.key } })
  await expect(toBuffer(right.read('a'), 1)).rejects.toThrow(
    'Cannot read a in the container caches: the server answered 404 (ContainerNotFound)',
  )
})
