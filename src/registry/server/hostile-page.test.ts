import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob } from '../testing/fixtures.ts'
import { createRegistryHandler } from './handler.ts'

const page = blob('<script>alert(1)</script>')
const registry = createMemoryRegistry()
const handler = createRegistryHandler(registry)
await registry.repository('app').write(page.descriptor, fromBuffer(page.raw))

test('a browser does not show a blob as a web page', async () => {
  const path = `http://localhost/v2/app/blobs/${page.descriptor.digest}`
  const { headers } = await handler(new Request(path, { headers: { Accept: 'text/html' } }))
  expect(headers.get('Content-Type')).toBe('application/octet-stream')
  expect(headers.get('Content-Disposition')).toBe('attachment')
  expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
  expect(headers.get('Content-Security-Policy')).toContain("default-src 'none'")
})

test('every answer carries the headers, errors too', async () => {
  for (const path of ['/v2/', '/v2/app/tags/list', '/', '/v2/%zz', '/v2/x/manifests/<b>']) {
    const { headers } = await handler(new Request(`http://localhost${path}`))
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Content-Type')).toBe('application/json')
  }
})

test('a forged Host does not move uploads elsewhere', async () => {
  const request = new Request('http://evil.example/v2/app/blobs/uploads/', {
    method: 'POST',
    headers: { Host: 'evil.example', 'X-Forwarded-Host': 'evil.example' },
  })
  const location = (await handler(request)).headers.get('Location')
  expect(location).toStartWith('/v2/app/blobs/uploads/')
})
