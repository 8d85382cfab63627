import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, manifest } from '../testing/fixtures.ts'
import { createRegistryHandler } from './handler.ts'
import { describeBothWays } from './testing/ways.ts'

const content = blob('content')
const other = blob('other')

const codeOf = async (response: Response): Promise<[number, unknown]> => [
  response.status,
  ((await response.json()) as { errors: { code: string }[] }).errors[0]?.code,
]

describeBothWays('digests', (open) => {
  const setUp = async () => {
    const registry = createMemoryRegistry()
    await registry.repository('app').write(emptyConfig.descriptor, fromBuffer(emptyConfig.raw))
    const call = await open(createRegistryHandler(registry))
    const location = (await call('POST', '/v2/app/blobs/uploads/')).headers.get('Location') ?? ''
    return { call, location }
  }

  test('a digest of other content is refused, and ends the session', async () => {
    const { call, location } = await setUp()
    const path = `${location}?digest=${other.descriptor.digest}`
    expect(await codeOf(await call('PUT', path, { body: content.raw }))).toEqual([
      400,
      'DIGEST_INVALID',
    ])
    expect((await call('GET', location)).status).toBe(404)
    for (const { descriptor } of [content, other]) {
      expect((await call('HEAD', `/v2/app/blobs/${descriptor.digest}`)).status).toBe(404)
    }
  })

  test('two digests, none, or one of a strange form are refused', async () => {
    const { call, location } = await setUp()
    const { digest } = content.descriptor
    for (const query of [
      `digest=${digest}&digest=${other.descriptor.digest}`,
      '',
      'digest=',
      'digest=md5:d41d8cd98f00b204e9800998ecf8427e',
      `digest=${digest.toUpperCase()}`,
      `digest=${digest.slice(0, -1)}`,
      `digest=${digest}%00`,
      'digest=sha256:../../../etc/passwd',
    ]) {
      const response = await call('PUT', `${location}?${query}`, { body: content.raw })
      expect(await codeOf(response)).toEqual([400, 'DIGEST_INVALID'])
    }
    expect((await call('GET', location)).headers.get('Range')).toBe('0-0')
  })

  test('a manifest pushed under the digest of another is refused', async () => {
    const { call } = await setUp()
    const one = manifest({ annotations: { a: '1' } })
    const two = manifest({ annotations: { a: '2' } })
    const response = await call('PUT', `/v2/app/manifests/${two.descriptor.digest}`, {
      body: one.raw,
      headers: { 'Content-Type': one.descriptor.mediaType },
    })
    expect(await codeOf(response)).toEqual([400, 'DIGEST_INVALID'])
  })
})
