import { expect, test } from 'bun:test'
import { toReadableStream } from '#stream'
import { createMemoryRegistry } from '../../store/memory.ts'
import { blob } from '../../testing/fixtures.ts'
import { createRegistryHandler } from '../handler.ts'
import { describeBothWays } from '../testing/ways.ts'

const content = blob('0123456789')

describeBothWays('upload sessions', (open) => {
  const setUp = () => open(createRegistryHandler(createMemoryRegistry()))

  test('a session is invalid in another repository, and its id cannot be guessed', async () => {
    const call = await setUp()
    const ids = new Set<string>()
    for (let count = 0; count < 50; count += 1) {
      const response = await call('POST', '/v2/app/blobs/uploads/')
      ids.add(response.headers.get('Docker-Upload-UUID') ?? '')
    }
    expect(ids.size).toBe(50)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
    const [id = ''] = ids
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const path = `/v2/other/blobs/uploads/${id}?digest=${content.descriptor.digest}`
      const init = method === 'GET' ? {} : { body: 'x' }
      expect((await call(method, path, init)).status).toBe(404)
    }
    expect((await call('GET', `/v2/app/blobs/uploads/${id}`)).status).toBe(204)
  })

  test('a session has one writer at a time', async () => {
    const call = await setUp()
    const location = (await call('POST', '/v2/app/blobs/uploads/')).headers.get('Location') ?? ''
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield content.raw.slice(0, 4)
      await released
      yield content.raw.slice(4)
    }
    const init = { body: toReadableStream(slow()), duplex: 'half' } as RequestInit
    const first = call('PATCH', location, init)
    // The request is the only writer after its first bytes.
    while ((await call('GET', location)).headers.get('Range') !== '0-3') await Bun.sleep(5)
    const others = await Promise.all(
      Array.from({ length: 100 }, () => call('PATCH', location, { body: 'intruder' })),
    )
    expect(others.every(({ status }) => status === 409)).toBe(true)
    expect((await call('DELETE', location)).status).toBe(409)
    release()
    expect((await first).status).toBe(202)
    const done = await call('PUT', `${location}?digest=${content.descriptor.digest}`)
    expect(done.status).toBe(201)
  })

  test('an absurdly large offset is refused', async () => {
    const call = await setUp()
    const location = (await call('POST', '/v2/app/blobs/uploads/')).headers.get('Location') ?? ''
    for (const range of ['999999999999999-999999999999999', `0-${'9'.repeat(40)}`, '-1-5']) {
      const headers = { 'Content-Range': range }
      expect((await call('PATCH', location, { body: 'x', headers })).status).toBe(416)
    }
    expect((await call('GET', location)).headers.get('Range')).toBe('0-0')
  })
})
