import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, manifest } from '../testing/fixtures.ts'
import { createRegistryHandler } from './handler.ts'

const secret = blob('secret layer')
const image = manifest({ layers: [secret.descriptor] })
const registry = createMemoryRegistry()
const handler = createRegistryHandler(registry)
for (const { raw, descriptor } of [emptyConfig, secret, image]) {
  await registry.repository('private').write(descriptor, fromBuffer(raw))
}

const call = (method: string, path: string, init: RequestInit = {}): Promise<Response> =>
  handler(new Request(`http://localhost${path}`, { ...init, method }))
const { digest } = secret.descriptor

test('content of one repository is not readable through another', async () => {
  for (const method of ['GET', 'HEAD']) {
    expect((await call(method, `/v2/public/blobs/${digest}`)).status).toBe(404)
    const path = `/v2/public/manifests/${image.descriptor.digest}`
    expect((await call(method, path)).status).toBe(404)
  }
})

test('a digest is no proof of having the bytes', async () => {
  const single = `/v2/public/blobs/uploads/?digest=${digest}`
  expect((await call('POST', single)).status).toBe(400)
  expect((await call('POST', single, { body: 'guess' })).status).toBe(400)
  expect((await call('HEAD', `/v2/public/blobs/${digest}`)).status).toBe(404)
  expect((await call('POST', single, { body: secret.raw })).status).toBe(201)
})

test('a mount has the same answer for an absent blob and for an absent repository', async () => {
  const shape = async (query: string): Promise<unknown> => {
    const response = await call('POST', `/v2/probe/blobs/uploads/?${query}`)
    return [response.status, [...response.headers.keys()].sort()]
  }
  const absent = await shape(`mount=${blob('never').descriptor.digest}&from=private`)
  expect(await shape(`mount=${digest}&from=nowhere`)).toEqual(absent)
  expect(absent).toMatchObject([202, expect.any(Array)])
})

test('a mount without a source takes a blob of any repository', async () => {
  const mounted = await call('POST', `/v2/anonymous/blobs/uploads/?mount=${digest}`)
  expect([mounted.status, mounted.headers.get('Docker-Content-Digest')]).toEqual([201, digest])
  expect(await (await call('GET', `/v2/anonymous/blobs/${digest}`)).text()).toBe('secret layer')
  const absent = `/v2/anonymous/blobs/uploads/?mount=${blob('never').descriptor.digest}`
  expect((await call('POST', absent)).status).toBe(202)
})

test('a manifest may not refer to content that only another repository has', async () => {
  await registry.repository('third').write(emptyConfig.descriptor, fromBuffer(emptyConfig.raw))
  const response = await call('PUT', '/v2/third/manifests/1', {
    body: image.raw,
    headers: { 'Content-Type': image.descriptor.mediaType },
  })
  expect(response.status).toBe(400)
})

test('a deleted blob is gone, and can be pushed again', async () => {
  const path = `/v2/private/blobs/${digest}`
  expect((await call('DELETE', path)).status).toBe(202)
  expect((await call('GET', path)).status).toBe(404)
  const upload = `/v2/private/blobs/uploads/?digest=${digest}`
  expect((await call('POST', upload, { body: secret.raw })).status).toBe(201)
  expect(await (await call('GET', path)).text()).toBe('secret layer')
})
