import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { fromBuffer } from '#stream'
import type { Registry } from '../../registry.ts'
import { createMemoryRegistry } from '../../store/memory.ts'
import { blob, noise } from '../../testing/fixtures.ts'
import { createRegistryHandler } from '../handler.ts'
import { describeBothWays } from '../testing/ways.ts'

const content = blob('0123456789')

const put = (location: string, digest: string): string => `${location}?digest=${digest}`

describeBothWays('uploads', (open) => {
  const setUp = async () => {
    const registry = createMemoryRegistry()
    const call = await open(createRegistryHandler(registry))
    const start = async (repository = 'app'): Promise<string> => {
      const response = await call('POST', `/v2/${repository}/blobs/uploads/`)
      expect(response.status).toBe(202)
      return response.headers.get('Location') ?? ''
    }
    const patch = (location: string, body: string, range?: string): Promise<Response> =>
      call('PATCH', location, {
        body,
        ...(range === undefined ? {} : { headers: { 'Content-Range': range } }),
      })
    return { registry, call, start, patch }
  }

  test('POST then PUT stores a blob', async () => {
    const { call, start, registry } = await setUp()
    const location = await start()
    const response = await call('PUT', put(location, content.descriptor.digest), {
      body: content.raw,
    })
    expect(response.status).toBe(201)
    expect(response.headers.get('Location')).toBe(`/v2/app/blobs/${content.descriptor.digest}`)
    expect(await registry.repository('app').has(content.descriptor)).toBe(true)
  })

  test('POST with a digest stores a blob at once, in either algorithm', async () => {
    const { call } = await setUp()
    const sha512 = `sha512:${createHash('sha512').update(content.raw).digest('hex')}`
    for (const digest of [content.descriptor.digest, sha512]) {
      const path = `/v2/app/blobs/uploads/?digest=${digest}`
      expect((await call('POST', path, { body: content.raw })).status).toBe(201)
      expect((await call('HEAD', `/v2/app/blobs/${digest}`)).status).toBe(200)
    }
  })

  test('PATCH appends in order, GET returns the offset, PUT ends with the last chunk', async () => {
    const { call, start, patch } = await setUp()
    const location = await start()
    expect((await patch(location, '0123', '0-3')).headers.get('Range')).toBe('0-3')
    expect((await patch(location, '45')).headers.get('Range')).toBe('0-5')
    const status = await call('GET', location)
    expect([status.status, status.headers.get('Range')]).toEqual([204, '0-5'])
    const response = await call('PUT', put(location, content.descriptor.digest), {
      body: '6789',
      headers: { 'Content-Range': '6-9' },
    })
    expect(response.status).toBe(201)
    expect((await call('GET', location)).status).toBe(404)
  })

  test('a chunk in the wrong place is 416 and changes nothing', async () => {
    const { call, start, patch } = await setUp()
    const location = await start()
    await patch(location, '0123', '0-3')
    for (const range of ['0-3', '5-6', '3-6', 'x', '4-2']) {
      const response = await patch(location, 'abcd', range)
      expect([response.status, response.headers.get('Range')]).toEqual([416, '0-3'])
    }
    const final = await call('PUT', put(location, content.descriptor.digest), {
      body: '456789',
      headers: { 'Content-Range': '5-10' },
    })
    expect(final.status).toBe(416)
    const right = await call('PUT', put(location, content.descriptor.digest), { body: '456789' })
    expect(right.status).toBe(201)
  })

  test('a body that is shorter or longer than its range is refused, and the offset stays true', async () => {
    const { call, start, patch } = await setUp()
    const location = await start()
    const send = (text: string, range: string): Promise<Response> => {
      // A stream has no Content-Length.
      const body = new ReadableStream({
        async pull(controller) {
          controller.enqueue(new TextEncoder().encode(text))
          controller.close()
        },
      })
      const headers = { 'Content-Range': range }
      return call('PATCH', location, { body, headers, duplex: 'half' } as RequestInit)
    }
    expect((await send('01', '0-3')).status).toBe(400)
    expect((await call('GET', location)).headers.get('Range')).toBe('0-1')
    expect((await send('2345', '2-3')).status).toBe(400)
    expect((await call('GET', location)).headers.get('Range')).toBe('0-1')
    const headers = { 'Content-Range': '2-5', 'Content-Length': '2' }
    expect((await call('PATCH', location, { body: '23', headers })).status).toBe(400)
    expect((await call('GET', location)).headers.get('Range')).toBe('0-1')
    expect((await patch(location, '2345', '2-5')).status).toBe(202)
  })

  test('a body that breaks off leaves the received bytes', async () => {
    const { call, start } = await setUp()
    const location = await start()
    let sent = false
    const body = new ReadableStream({
      pull(controller) {
        if (sent) return controller.error(new Error('gone'))
        sent = true
        controller.enqueue(content.raw.slice(0, 4))
      },
    })
    const init = { body, duplex: 'half' } as RequestInit
    const broken = await call('PATCH', location, init).catch(() => undefined)
    expect(broken?.status ?? 400).toBe(400)
    // Over a socket the sender's call fails before the server has noticed.
    for (let tries = 0; tries < 100; tries += 1) {
      if ((await call('GET', location)).headers.get('Range') === '0-3') break
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect((await call('GET', location)).headers.get('Range')).toBe('0-3')
    const rest = { body: '456789' }
    expect((await call('PUT', put(location, content.descriptor.digest), rest)).status).toBe(201)
  })

  test('DELETE cancels a session', async () => {
    const { call, start } = await setUp()
    const location = await start()
    expect((await call('DELETE', location)).status).toBe(204)
    expect((await call('GET', location)).status).toBe(404)
  })

  test('POST with mount mounts a blob, or opens a session if it cannot', async () => {
    const { call, registry } = await setUp()
    await registry.repository('base').write(content.descriptor, fromBuffer(content.raw))
    const { digest } = content.descriptor
    const mounted = await call('POST', `/v2/app/blobs/uploads/?mount=${digest}&from=base`)
    expect([mounted.status, mounted.headers.get('Location')]).toEqual([
      201,
      `/v2/app/blobs/${digest}`,
    ])
    const elsewhere = `/v2/new/blobs/uploads/?mount=${digest}&from=other`
    expect((await call('POST', elsewhere)).status).toBe(202)
    expect((await call('POST', `/v2/new/blobs/uploads/?mount=${digest}`)).status).toBe(201)
  })
})

test('a large first chunk says that the blob may be larger, other bodies say its size', async () => {
  const registry = createMemoryRegistry()
  const sizes: unknown[] = []
  const noting: Registry = {
    ...registry,
    repository(name) {
      const repository = registry.repository(name)
      const ingest = repository.ingest.bind(repository)
      return Object.assign(repository, {
        ingest: (options: Parameters<typeof ingest>[0]) => {
          sizes.push(options?.expectedSize)
          return ingest(options)
        },
      })
    },
  }
  await using handler = createRegistryHandler(noting)
  const send = async (method: string, { raw, descriptor }: ReturnType<typeof blob>) => {
    const ask = (url: string, init: RequestInit) =>
      handler(new Request(new URL(url, 'http://localhost').href, init))
    const begun = await ask('/v2/app/blobs/uploads/', { method: 'POST' })
    const location = begun.headers.get('Location') ?? ''
    const headers = { 'Content-Length': String(raw.length) }
    const url = method === 'PUT' ? put(location, descriptor.digest) : location
    expect((await ask(url, { method, headers, body: raw })).ok).toBe(true)
  }
  const large = blob(noise(4 * 1024 * 1024, 1))
  await send('PATCH', large)
  await send('PATCH', content)
  await send('PUT', large)
  expect(sizes).toEqual([undefined, 10, large.raw.length])
})
