import { expect, test } from 'bun:test'
import type { Exchange } from '#http'
import { StrakeError } from '#oci'
import { fromBuffer } from '#stream'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, manifest } from '../testing/fixtures.ts'
import type { Access } from './access.ts'
import { createRegistryHandler } from './handler.ts'
import { ChallengeError } from './refusals.ts'

const layer = blob('layer')
const image = manifest({ layers: [layer.descriptor] })
const { digest } = layer.descriptor
const exchange = (): Exchange => ({ address: '127.0.0.1' })

async function openRegistry() {
  const registry = createMemoryRegistry()
  for (const name of ['app', 'secret']) {
    const repository = registry.repository(name)
    for (const { descriptor, raw } of [emptyConfig, layer, image]) {
      await repository.write(descriptor, fromBuffer(raw))
    }
    await repository.tag('1', image.descriptor)
  }
  return registry
}

/** Grants the rights in the header: `Authorization: repository:app:pull,push ...`. */
const byHeader: Access = async (request, scopes) => {
  const header = request.headers.get('Authorization')
  if (header === null) throw new ChallengeError('Basic realm="test"')
  const rights = new Set(header.split(' '))
  const missing = scopes.find((scope) => !rights.has(scope))
  if (missing !== undefined) throw new StrakeError('DENIED', `Cannot do this: it takes ${missing}`)
  return { name: 'tester', may: (scope) => rights.has(scope) }
}

test('every method of every endpoint asks for its rights, and for no others', async () => {
  const registry = await openRegistry()
  const asked: (readonly string[])[] = []
  const handler = createRegistryHandler(registry, {
    access: async (_request, scopes) => {
      asked.push(scopes)
      throw new ChallengeError('Basic realm="test"')
    },
  })
  const [pull, push, remove] = [
    'repository:app:pull',
    'repository:app:pull,push',
    'repository:app:delete,pull',
  ]
  const uploads = '/v2/app/blobs/uploads/'
  const manifestPaths = ['/v2/app/manifests/1', `/v2/app/manifests/${image.descriptor.digest}`]
  for (const [method, path, scope] of [
    ['GET', '/v2/', undefined],
    ['GET', '/v2/_catalog', 'registry:catalog:*'],
    ['GET', '/v2/app/tags/list', pull],
    ['GET', `/v2/app/referrers/${digest}`, pull],
    ...manifestPaths.flatMap((each) => [
      ['GET', each, pull] as const,
      ['HEAD', each, pull] as const,
      ['PUT', each, push] as const,
      ['DELETE', each, remove] as const,
      ['PATCH', each, push] as const,
    ]),
    ['GET', `/v2/app/blobs/${digest}`, pull],
    ['HEAD', `/v2/app/blobs/${digest}`, pull],
    ['DELETE', `/v2/app/blobs/${digest}`, remove],
    ['POST', uploads, push],
    ['POST', `${uploads}?mount=${digest}&from=secret`, push],
    ['GET', `${uploads}0`, push],
    ['PATCH', `${uploads}0`, push],
    ['PUT', `${uploads}0?digest=${digest}`, push],
    ['DELETE', `${uploads}0`, push],
  ] as const) {
    const request = new Request(`http://localhost${path}`, { method })
    const response = await handler(request, exchange())
    expect([method, path, response.status]).toEqual([method, path, 401])
    expect(response.headers.get('WWW-Authenticate')).toBe('Basic realm="test"')
    expect(asked.pop()).toEqual(scope === undefined ? [] : [scope])
  }
})

test('a request without the right is refused, and the access log has the principal', async () => {
  const handler = createRegistryHandler(await openRegistry(), { access: byHeader })
  const at = exchange()
  const send = (method: string, path: string, rights: string) => {
    const headers = { Authorization: rights }
    return handler(new Request(`http://localhost${path}`, { method, headers }), at)
  }
  const allowed = await send('GET', '/v2/app/manifests/1', 'repository:app:pull')
  expect([allowed.status, at.principal?.name]).toEqual([200, 'tester'])
  const refused = await send('DELETE', '/v2/app/manifests/1', 'repository:app:pull')
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { errors: [{ code: 'DENIED' }] },
  ])
})

test('an answer does not reveal whether a repository, tag or blob exists', async () => {
  const handler = createRegistryHandler(await openRegistry(), { access: byHeader })
  type Answer = readonly [status: number, headers: unknown, body: string]
  const answer = async (method: string, path: string, rights?: string): Promise<Answer> => {
    const headers = rights === undefined ? {} : { Authorization: rights }
    const request = new Request(`http://localhost${path}`, { method, headers })
    const response = await handler(request, exchange())
    return [response.status, [...response.headers].sort(), await response.text()]
  }
  const absent = digest.replace(/[0-9a-f]{8}$/, '00000000')
  const paths = (repository: string, tag: string, blob: string) => [
    ['GET', `/v2/${repository}/tags/list`],
    ['GET', `/v2/${repository}/manifests/${tag}`],
    ['HEAD', `/v2/${repository}/manifests/${tag}`],
    ['PUT', `/v2/${repository}/manifests/${tag}`],
    ['DELETE', `/v2/${repository}/manifests/${tag}`],
    ['GET', `/v2/${repository}/blobs/${blob}`],
    ['HEAD', `/v2/${repository}/blobs/${blob}`],
    ['POST', `/v2/${repository}/blobs/uploads/`],
    ['GET', `/v2/${repository}/referrers/${blob}`],
  ]
  for (const [rights, status] of [
    [undefined, 401],
    ['repository:app:pull', 403],
  ] as const) {
    const answers = async (list: readonly string[][]): Promise<Answer[]> =>
      Promise.all(list.map(([method = '', path = '']) => answer(method, path, rights)))
    const there = await answers(paths('secret', '1', digest))
    const said = (each: unknown): string =>
      JSON.stringify(each).replaceAll('secret', 'NAME').replaceAll('nobody', 'NAME')
    for (const [given] of there) expect(given).toBe(status)
    for (const other of [
      paths('nobody', '1', digest),
      paths('secret', '2', digest),
      paths('secret', '1', absent),
    ]) {
      expect((await answers(other)).map(said)).toEqual(there.map(said))
    }
  }
})

test('a mount reads only repositories that the sender may pull, and has one answer for all others', async () => {
  const handler = createRegistryHandler(await openRegistry(), { access: byHeader })
  const mount = async (query: string, ...rights: readonly string[]): Promise<number> => {
    const headers = { Authorization: ['repository:new:pull,push', ...rights].join(' ') }
    const url = `http://localhost/v2/new/blobs/uploads/?${query}`
    return (await handler(new Request(url, { method: 'POST', headers }), exchange())).status
  }
  expect(await mount(`mount=${digest}&from=secret`)).toBe(202)
  expect(await mount(`mount=${digest}`)).toBe(202)
  expect(await mount(`mount=${digest}&from=secret`, 'repository:app:pull')).toBe(202)
  expect(await mount(`mount=${digest}`, 'repository:app:pull')).toBe(201)
  expect(await mount(`mount=${digest}&from=secret`, 'repository:secret:pull')).toBe(201)
})
