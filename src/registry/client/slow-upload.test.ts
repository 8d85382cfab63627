import { expect, test } from 'bun:test'
import { serve } from '#platform'
import { toBuffer } from '#stream'
import { createRegistryHandler } from '../server/handler.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, chunked, instantRetries, noise } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const content = blob(noise(40_000_000))

/** Passes on a body with pauses, so that its sender has to wait. */
function slowed(request: Request): Request {
  const iterator = request.body?.[Symbol.asyncIterator]()
  let burst = 0
  const body = new ReadableStream({
    async pull(controller) {
      const next = await iterator?.next()
      if (next?.value === undefined) return controller.close()
      burst += next.value.byteLength
      if (burst > 2_000_000) {
        burst = 0
        await new Promise((resolve) => setTimeout(resolve, 4))
      }
      controller.enqueue(next.value)
    },
  })
  const { method, url, headers } = request
  return new Request(url, { method, headers, body, duplex: 'half' } as RequestInit)
}

test('write() sends every byte to a server that is slower than the source', async () => {
  const registry = createMemoryRegistry()
  const handler = createRegistryHandler(registry)
  await using server = await serve((request) =>
    handler(request.method === 'PUT' ? slowed(request) : request),
  )
  const { host } = new URL(server.url)
  const repository = connectRegistry(host, { retry: instantRetries() }).repository('app')
  await repository.write(content.descriptor, chunked(content.raw))
  const stored = await toBuffer(registry.repository('app').read(content.descriptor), 1e9)
  expect(Buffer.compare(stored, content.raw)).toBe(0)
})

test('write() does not reuse its chunks, so that a fetch may collect the body first', async () => {
  const registry = createMemoryRegistry()
  const handler = createRegistryHandler(registry)
  const gathering = async (request: Request): Promise<Response> => {
    if (request.method !== 'PUT') return handler(request)
    const { method, url, headers } = request
    return handler(new Request(url, { method, headers, body: await request.arrayBuffer() }))
  }
  const options = { fetch: gathering, retry: instantRetries() }
  const repository = connectRegistry('localhost', options).repository('app')
  await repository.write(content.descriptor, chunked(content.raw))
  const stored = await toBuffer(registry.repository('app').read(content.descriptor), 1e9)
  expect(Buffer.compare(stored, content.raw)).toBe(0)
})
