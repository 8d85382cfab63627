import { expect, test } from 'bun:test'
import type { Registry } from '../registry.ts'
import { createRegistryHandler } from './handler.ts'

const touched: string[] = []
const registry: Registry = {
  repository(name) {
    touched.push(name)
    throw new Error('no path below may get this far')
  },
  repositories: () => {
    throw new Error('no path below may get this far')
  },
}
const handler = createRegistryHandler(registry)
const digest = `sha256:${'ab'.repeat(32)}`

test('paths that try to leave their place never reach the registry', async () => {
  for (const path of [
    '/v2/../etc/passwd',
    '/v2/a/%2e%2e/b/tags/list%2f',
    '/v2/a%2fb/tags/list',
    '/v2/a%2Fb/tags/list',
    '/v2/a%5cb/tags/list',
    '/v2/a\\..\\b/tags/list/',
    '/v2/a/..;/b/tags/list',
    '/v2/a%00/tags/list',
    '/v2/a%0d%0aX:y/tags/list',
    '/v2/a%252e%252e/tags/list',
    '/v2/A/tags/list',
    '/v2//tags/list',
    '/v2/a//b/tags/list',
    `/v2/${'a'.repeat(256)}/tags/list`,
    `/v2/${'a/'.repeat(5000)}b/tags/list`,
    '/v2/a/manifests/..',
    '/v2/a/manifests/%2e%2e%2f',
    '/v2/a/manifests/.hidden',
    `/v2/a/manifests/${'t'.repeat(129)}`,
    '/v2/a/blobs/sha256:../../../../etc/passwd',
    '/v2/a/blobs/sha256:AB',
    `/v2/a/blobs/${digest}%20`,
    '/v2/a/blobs/uploads/../../x',
    '/v2/a/blobs/uploads/%2e%2e',
    '/v2/caf\u00e9/tags/list',
    '/v2/_catalog/tags/list',
    '/v2/a/_manifests/tags/list',
  ]) {
    const response = await handler(new Request(`http://localhost${path}`))
    const isRefused = response.status === 400 || response.status === 404
    expect([path.slice(0, 80), isRefused]).toEqual([path.slice(0, 80), true])
  }
  expect(touched).toEqual([])
})

test('the answer to an unknown method is 405 and names the known methods', async () => {
  const response = await handler(new Request('http://localhost/v2/a/tags/list', { method: 'PUT' }))
  expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, HEAD'])
})
