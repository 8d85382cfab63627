import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { createRegistryHandler } from '../server/handler.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, instantRetries, manifest, peer } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const layer = blob('layer')
const image = manifest()

/** A registry whose answers a proxy changes on the way. */
function behind(change: (request: Request, answer: Response) => Response | undefined) {
  const registry = createMemoryRegistry()
  const handler = createRegistryHandler(registry)
  const proxy = peer(async (request) => {
    const answer = await handler(new Request(request))
    return change(request, answer) ?? answer
  })
  const options = { fetch: proxy.fetch, retry: instantRetries(1) }
  return { registry, proxy, repository: connectRegistry('localhost', options).repository('app') }
}

test.each([401, 403, 404, 405, 500])(
  'write() uploads a blob whose mount is answered with %d',
  async (status) => {
    const { registry, repository } = behind((request) =>
      request.url.includes('mount=') ? new Response(null, { status }) : undefined,
    )
    await repository.write(layer.descriptor, fromBuffer(layer.raw), { mountFrom: 'other' })
    expect(await registry.repository('app').has(layer.descriptor)).toBe(true)
  },
)

test.each([200, 204])('a push succeeds when a proxy turns 201 into %d', async (status) => {
  const { registry, repository } = behind((request, answer) =>
    request.method === 'PUT' ? new Response(null, { status, headers: answer.headers }) : undefined,
  )
  for (const { descriptor, raw } of [emptyConfig, image]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  await repository.tag('1', image.descriptor)
  expect(await registry.repository('app').resolve('1')).toEqual(image.descriptor)
})

test('a blob that is answered with 202 is pushed only if the registry has it', async () => {
  const kept = behind((request) =>
    request.method === 'PUT' ? new Response(null, { status: 202 }) : undefined,
  )
  await kept.repository.write(layer.descriptor, fromBuffer(layer.raw))
  const lost = behind((request) => {
    if (request.method === 'HEAD') return new Response(null, { status: 404 })
    return request.method === 'PUT' ? new Response(null, { status: 202 }) : undefined
  })
  await expect(lost.repository.write(layer.descriptor, fromBuffer(layer.raw))).rejects.toThrow(
    'the registry accepted the blob and does not have it',
  )
})

test('resolve() uses GET if HEAD is forbidden, and throws the reason in its body', async () => {
  const open = behind((request) =>
    request.method === 'HEAD' ? new Response(null, { status: 403 }) : undefined,
  )
  const repository = open.registry.repository('app')
  for (const { descriptor, raw } of [emptyConfig, image]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  await repository.tag('1', image.descriptor)
  expect(await open.repository.resolve('1')).toEqual(image.descriptor)
  const body = { errors: [{ code: 'DENIED', message: 'quota of project x is used up' }] }
  const refused = behind(({ method }) =>
    method === 'HEAD'
      ? new Response(null, { status: 403 })
      : new Response(JSON.stringify(body), { status: 403 }),
  )
  await expect(refused.repository.resolve('1')).rejects.toThrow('quota of project x is used up')
})

test('a push succeeds where HEAD is forbidden, and throws the reason of a refusal', async () => {
  const open = behind((request) =>
    request.method === 'HEAD' ? new Response(null, { status: 403 }) : undefined,
  )
  for (const { descriptor, raw } of [emptyConfig, layer, image]) {
    expect(await open.repository.has(descriptor)).toBe(false)
    await open.repository.write(descriptor, fromBuffer(raw))
    expect(await open.repository.has(descriptor)).toBe(true)
    expect(await open.repository.write(descriptor, fromBuffer(raw))).toBe('exists')
  }
  expect(await open.repository.resolveBlob(layer.descriptor.digest)).toMatchObject({
    size: layer.descriptor.size,
  })
  const body = { errors: [{ code: 'DENIED', message: 'the repository is archived' }] }
  const refused = behind(({ method }) =>
    method === 'HEAD'
      ? new Response(null, { status: 403 })
      : new Response(JSON.stringify(body), { status: 403 }),
  )
  for (const { descriptor } of [layer, image]) {
    await expect(refused.repository.has(descriptor)).rejects.toThrow('the repository is archived')
  }
})

test('resolveBlob() takes the length of a whole answer where ranges are ignored', async () => {
  const { repository } = behind(({ method }) => {
    const headers = { 'Content-Length': String(layer.raw.length) }
    return method === 'HEAD'
      ? new Response(null, { status: 405 })
      : new Response(layer.raw, { status: 200, headers })
  })
  const { size } = await repository.resolveBlob(layer.descriptor.digest)
  expect(size).toBe(layer.raw.length)
})

test('resolveBlob() finds an empty blob whose range cannot be satisfied', async () => {
  const empty = blob('')
  const { repository } = behind(({ method }) => {
    const headers = { 'Content-Range': 'bytes */0' }
    return new Response(null, method === 'HEAD' ? { status: 405 } : { status: 416, headers })
  })
  expect(await repository.has(empty.descriptor)).toBe(true)
  expect(await repository.resolveBlob(empty.descriptor.digest)).toMatchObject({ size: 0 })
})

test('a registry on this machine is reached without the proxy of the environment', async () => {
  const handler = createRegistryHandler(createMemoryRegistry())
  await using server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request) => handler(request),
  })
  const before = process.env['HTTP_PROXY']
  process.env['HTTP_PROXY'] = 'http://127.0.0.1:9'
  try {
    const options = { retry: instantRetries(1) }
    const repository = connectRegistry(`localhost:${server.port}`, options).repository('app')
    await repository.write(layer.descriptor, fromBuffer(layer.raw))
    expect(await repository.has(layer.descriptor)).toBe(true)
  } finally {
    if (before === undefined) delete process.env['HTTP_PROXY']
    else process.env['HTTP_PROXY'] = before
  }
})
