import { expect, test } from 'bun:test'
import { fromBuffer, toBuffer } from '#stream'
import type { FetchHandler, Registry } from '../registry.ts'
import { createRegistryHandler } from '../server/handler.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { expectCode } from '../testing/expect-code.ts'
import { blob, chunked, instantRetries, noise, peer } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const content = blob(noise(1_000_000))

function setUp(
  interfere: (request: Request, handler: FetchHandler, count: number) => Promise<Response>,
  chunkSize?: number,
) {
  const registry = createMemoryRegistry()
  const handler = createRegistryHandler(registry)
  const counts = new Map<string, number>()
  const server = peer((request) => {
    const count = (counts.get(request.method) ?? 0) + 1
    counts.set(request.method, count)
    return interfere(request, handler, count)
  })
  const options = { fetch: server.fetch, retry: instantRetries() }
  const client: Registry = connectRegistry('localhost', {
    ...options,
    ...(chunkSize === undefined ? {} : { chunkSize }),
  })
  return { server, registry, repository: client.repository('app') }
}

async function expectStored(registry: Registry): Promise<void> {
  const stored = registry.repository('app').read(content.descriptor)
  expect(await toBuffer(stored, 1e9)).toEqual(content.raw)
}

/** Passes on the first `size` bytes of the body, then breaks it. */
function cut(request: Request, size: number): Request {
  const iterator = request.body?.[Symbol.asyncIterator]()
  let left = size
  const body = new ReadableStream({
    async pull(controller) {
      const next = await iterator?.next()
      if (next?.value === undefined || left <= 0) return controller.error(new Error('cut'))
      controller.enqueue(next.value.subarray(0, left))
      left -= next.value.byteLength
    },
  })
  const { method, url } = request
  const headers = new Headers(request.headers)
  headers.delete('Content-Length')
  return new Request(url, { method, headers, body, duplex: 'half' } as RequestInit)
}

test('write() continues an upload that broke from the byte the server has', async () => {
  const { registry, repository, server } = setUp(async (request, handler, count) => {
    if (request.method !== 'PUT' || count > 1) return handler(request)
    await handler(cut(request, 400_000))
    throw new TypeError('ECONNRESET')
  })
  await repository.write(content.descriptor, chunked(content.raw))
  await expectStored(registry)
  const second = server.requests.filter(({ method }) => method === 'PUT').at(-1)
  expect(second?.headers.get('Content-Range')).toBe('400000-999999')
})

test('write() starts again when the server has forgotten the session', async () => {
  const { registry, repository, server } = setUp(async (request, handler, count) => {
    if (request.method !== 'PUT' || count > 1) return handler(request)
    await handler(new Request(request.url, { method: 'DELETE' }))
    return new Response(null, { status: 502 })
  })
  await repository.write(content.descriptor, chunked(content.raw))
  await expectStored(registry)
  expect(server.requests.filter(({ method }) => method === 'POST').length).toBe(2)
})

test('write() is done when the connection died after the server had committed', async () => {
  const { registry, repository, server } = setUp(async (request, handler) => {
    const response = await handler(request)
    if (request.method === 'PUT') throw new TypeError('ECONNRESET')
    return response
  })
  await repository.write(content.descriptor, chunked(content.raw))
  await expectStored(registry)
  expect(server.requests.filter(({ method }) => method === 'PUT').length).toBe(1)
})

test('write() in chunks continues after 416 at the offset of the server', async () => {
  const { registry, repository } = setUp(async (request, handler, count) => {
    const response = await handler(request)
    if (request.method === 'PATCH' && count === 3) return new Response(null, { status: 416 })
    return response
  }, 100_000)
  await repository.write(content.descriptor, chunked(content.raw))
  await expectStored(registry)
})

test('write() in chunks survives a chunk that arrives in part', async () => {
  const { registry, repository } = setUp(async (request, handler, count) => {
    if (request.method !== 'PATCH' || count !== 4) return handler(request)
    await handler(cut(request, 33_333))
    return new Response(null, { status: 502 })
  }, 100_000)
  await repository.write(content.descriptor, chunked(content.raw))
  await expectStored(registry)
})

test('ingest() appends through broken answers', async () => {
  const { registry, repository } = setUp(async (request, handler, count) => {
    const response = await handler(request)
    if (request.method === 'PATCH' && count === 1) throw new TypeError('ECONNRESET')
    return response
  })
  await using ingest = await repository.ingest()
  await ingest.append(fromBuffer(content.raw))
  expect(await ingest.commit()).toBe(content.descriptor.digest)
  await expectStored(registry)
})

test('write() cancels the session when the source fails, and throws the error of the source', async () => {
  const { repository, server } = setUp((request, handler) => handler(request))
  const source = (async function* () {
    yield content.raw.slice(0, 1000)
    throw new RangeError('the disk is gone')
  })()
  await expect(repository.write(content.descriptor, source)).rejects.toThrow('the disk is gone')
  expect(server.requests.at(-1)?.method).toBe('DELETE')
})

test('write() fails after five tries', async () => {
  const { repository, server } = setUp(async (request, handler) =>
    request.method === 'PUT' ? new Response(null, { status: 503 }) : handler(request),
  )
  await expectCode(repository.write(content.descriptor, chunked(content.raw)), ['UNAVAILABLE'])
  expect(server.requests.filter(({ method }) => method === 'PUT').length).toBe(5)
})
