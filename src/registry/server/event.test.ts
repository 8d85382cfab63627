import { expect, test } from 'bun:test'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, manifest } from '../testing/fixtures.ts'
import type { RegistryEvent } from './event.ts'
import { createRegistryHandler } from './handler.ts'
import { ChallengeError, DeniedError } from './refusals.ts'

const layer = blob('layer')
const image = manifest({ layers: [layer.descriptor] })

test('createRegistryHandler() tells who did what with which digest, and who was refused', async () => {
  const events: RegistryEvent[] = []
  await using handler = createRegistryHandler(createMemoryRegistry(), {
    onEvent: (event) => events.push(event),
    tellsMoves: true,
    access: async (request) => {
      const name = request.headers.get('Authorization') ?? undefined
      if (name === undefined) throw new ChallengeError('Basic')
      if (name === 'mallory') throw new DeniedError(name, { reason: 'no rule', rule: 'team' })
      return { name, may: () => true }
    },
  })
  const send = async (method: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = { Authorization: 'alice', ...init.headers }
    return handler(new Request(`http://localhost${path}`, { ...init, method, headers }), {
      address: '192.0.2.1',
    })
  }
  for (const { raw, descriptor } of [emptyConfig, layer]) {
    await send('POST', `/v2/app/blobs/uploads/?digest=${descriptor.digest}`, { body: raw })
  }
  const headers = { 'Content-Type': image.descriptor.mediaType }
  await send('PUT', '/v2/app/manifests/1', { body: image.raw, headers })
  await send('POST', `/v2/new/blobs/uploads/?mount=${layer.descriptor.digest}&from=app`)
  await send('GET', '/v2/app/manifests/1')
  await send('HEAD', '/v2/app/manifests/1')
  await send('GET', '/v2/app/manifests/none')
  await send('GET', '/v2/app/tags/list')
  await send('DELETE', '/v2/app/manifests/1', { headers: { Authorization: 'mallory' } })
  await send('DELETE', '/v2/app/manifests/1')
  await handler(new Request('http://localhost/v2/app/manifests/1'))
  expect(
    events.map(({ action, kind, repository, reference }) => [action, kind, repository, reference]),
  ).toEqual([
    ['push', 'blob', 'app', undefined],
    ['push', 'blob', 'app', undefined],
    ['push', 'manifest', 'app', '1'],
    ['mount', 'blob', 'new', undefined],
    ['pull', 'manifest', 'app', '1'],
    ['refused', 'manifest', 'app', '1'],
    ['delete', 'manifest', 'app', '1'],
  ])
  expect(events[2]).toMatchObject({
    principal: 'alice',
    address: '192.0.2.1',
    digest: image.descriptor.digest,
    mediaType: image.descriptor.mediaType,
    moves: [{ tag: '1' }],
    status: 201,
  })
  expect(events[5]).toMatchObject({ status: 403, reason: 'no rule', rule: 'team' })
  expect(events[6]).toMatchObject({ principal: 'alice', digest: image.descriptor.digest })
})
