import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import type { Registry } from '../registry.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, index, manifest, noise } from '../testing/fixtures.ts'
import type { RegistryHandlerOptions } from './context.ts'
import { createRegistryHandler } from './handler.ts'
import { type Call, describeBothWays } from './testing/ways.ts'

const layer = blob('0123456789', 'application/vnd.oci.image.layer.v1.tar')
const large = blob(noise(300_000))
const image = manifest({ layers: [layer.descriptor] })

async function openRegistry(): Promise<Registry> {
  const registry = createMemoryRegistry()
  const repository = registry.repository('app')
  for (const { descriptor, raw } of [emptyConfig, layer, image]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  await repository.tag('1', image.descriptor)
  return registry
}

const errorCode = async (response: Response): Promise<unknown> =>
  ((await response.json()) as { errors: { code: string }[] }).errors[0]?.code

const manifestType = { 'Content-Type': image.descriptor.mediaType }

describeBothWays('createRegistryHandler()', (open) => {
  const setUp = async (
    options?: RegistryHandlerOptions,
  ): Promise<{ readonly call: Call; readonly registry: Registry }> => {
    const registry = await openRegistry()
    return { call: await open(createRegistryHandler(registry, options)), registry }
  }

  test('GET /v2/ returns the version of the API', async () => {
    const { call } = await setUp()
    const response = await call('GET', '/v2/')
    expect(response.status).toBe(200)
    expect(response.headers.get('Docker-Distribution-API-Version')).toBe('registry/2.0')
  })

  test('GET and HEAD of a blob return length, digest, and ranges', async () => {
    const { call } = await setUp()
    const path = `/v2/app/blobs/${layer.descriptor.digest}`
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await call(method, path)
      expect(status).toBe(200)
      expect(headers.get('Content-Length')).toBe('10')
      expect(headers.get('Docker-Content-Digest')).toBe(layer.descriptor.digest)
      expect(headers.get('Accept-Ranges')).toBe('bytes')
    }
    for (const [range, status, body, contentRange] of [
      ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
      ['bytes=7-', 206, '789', 'bytes 7-9/10'],
      ['bytes=-2', 206, '89', 'bytes 8-9/10'],
      ['bytes=0-99', 206, '0123456789', 'bytes 0-9/10'],
      ['bytes=0-1,3-4', 200, '0123456789', null],
      ['lines=1-2', 200, '0123456789', null],
    ] as const) {
      const response = await call('GET', path, { headers: { Range: range } })
      expect([response.status, await response.text()]).toEqual([status, body])
      expect(response.headers.get('Content-Range')).toBe(contentRange)
    }
    const beyond = await call('GET', path, { headers: { Range: 'bytes=10-' } })
    expect([beyond.status, beyond.headers.get('Content-Range')]).toEqual([416, 'bytes */10'])
    const etag = (await call('HEAD', path)).headers.get('ETag') ?? ''
    expect((await call('GET', path, { headers: { 'If-None-Match': etag } })).status).toBe(304)
  })

  test('GET of a manifest returns its exact bytes and stored type', async () => {
    const { call } = await setUp()
    for (const reference of ['1', image.descriptor.digest]) {
      const response = await call('GET', `/v2/app/manifests/${reference}`)
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(image.raw)
      expect(response.headers.get('Content-Type')).toBe(image.descriptor.mediaType)
      expect(response.headers.get('Docker-Content-Digest')).toBe(image.descriptor.digest)
    }
    const head = await call('HEAD', '/v2/app/manifests/1')
    expect([head.headers.get('Content-Length'), await head.text()]).toEqual([
      String(image.raw.length),
      '',
    ])
  })

  test('absent content is 404 with the code of its kind', async () => {
    const { call } = await setUp()
    const { digest } = blob('absent').descriptor
    expect(await errorCode(await call('GET', `/v2/app/blobs/${digest}`))).toBe('BLOB_UNKNOWN')
    expect(await errorCode(await call('GET', '/v2/app/manifests/2'))).toBe('MANIFEST_UNKNOWN')
    expect(await errorCode(await call('GET', '/v2/none/tags/list'))).toBe('NAME_UNKNOWN')
    expect(await errorCode(await call('DELETE', '/v2/app/manifests/2'))).toBe('MANIFEST_UNKNOWN')
    expect(await errorCode(await call('DELETE', `/v2/app/blobs/${digest}`))).toBe('BLOB_UNKNOWN')
    expect((await call('GET', '/v2/app/nothing')).status).toBe(404)
  })

  test('PUT of a manifest by tag and by digest', async () => {
    const { call } = await setUp()
    const byTag = await call('PUT', '/v2/app/manifests/new', {
      headers: { 'Content-Type': `${image.descriptor.mediaType}; charset=utf-8` },
      body: image.raw,
    })
    expect(byTag.status).toBe(201)
    expect(byTag.headers.get('Location')).toBe(`/v2/app/manifests/${image.descriptor.digest}`)
    expect(byTag.headers.get('Docker-Content-Digest')).toBe(image.descriptor.digest)
    const path = `/v2/app/manifests/${image.descriptor.digest}?tag=a&tag=b`
    const byDigest = await call('PUT', path, { headers: manifestType, body: image.raw })
    expect([byDigest.status, byDigest.headers.get('OCI-Tag')]).toEqual([201, 'a, b'])
    const list = (await (await call('GET', '/v2/app/tags/list')).json()) as { tags: string[] }
    expect(list.tags).toEqual(['1', 'a', 'b', 'new'])
  })

  test('PUT of a manifest with a subject confirms it, even if the subject is absent', async () => {
    const { call } = await setUp()
    const subject = manifest({ annotations: { not: 'here' } }).descriptor
    const attached = manifest({ subject, artifactType: 'a/b' })
    const response = await call('PUT', '/v2/app/manifests/att', {
      headers: manifestType,
      body: attached.raw,
    })
    expect([response.status, response.headers.get('OCI-Subject')]).toEqual([201, subject.digest])
    const list = await call('GET', `/v2/app/referrers/${subject.digest}?artifactType=a%2Fb`)
    expect(list.headers.get('OCI-Filters-Applied')).toBe('artifactType')
    expect(list.headers.get('Content-Type')).toBe('application/vnd.oci.image.index.v1+json')
    expect(((await list.json()) as { manifests: unknown[] }).manifests).toEqual([
      { ...attached.descriptor, artifactType: 'a/b' },
    ])
  })

  test('GET of referrers includes those that the tag of older clients lists, each once', async () => {
    const { call, registry } = await setUp()
    const repository = registry.repository('app')
    const subject = image.descriptor
    const known = manifest({ subject, artifactType: 'a/known' })
    // Pushed by a client that writes no subject.
    const tagged = manifest({ artifactType: 'a/tagged' })
    for (const { descriptor, raw } of [known, tagged]) {
      await repository.write(descriptor, fromBuffer(raw))
    }
    const absent = manifest({ annotations: { not: 'here' } }).descriptor
    const entries = [known, tagged].map(({ descriptor }) => descriptor)
    const list = index(
      [...entries, { ...absent, artifactType: 'a/tagged' }].map((entry) => ({
        ...entry,
        artifactType: entry.digest === known.descriptor.digest ? 'a/known' : 'a/tagged',
      })),
    )
    await repository.write(list.descriptor, fromBuffer(list.raw))
    await repository.tag(subject.digest.replace(':', '-'), list.descriptor)
    const typesOf = async (query = ''): Promise<unknown> => {
      const response = await call('GET', `/v2/app/referrers/${subject.digest}${query}`)
      const { manifests } = (await response.json()) as { manifests: { artifactType: string }[] }
      return manifests.map(({ artifactType }) => artifactType)
    }
    const isKnownFirst = known.descriptor.digest < tagged.descriptor.digest
    expect(await typesOf()).toEqual(
      isKnownFirst ? ['a/known', 'a/tagged'] : ['a/tagged', 'a/known'],
    )
    expect(await typesOf('?artifactType=a%2Ftagged')).toEqual(['a/tagged'])
  })

  test('GET of referrers is an empty index for an unknown subject', async () => {
    const { call } = await setUp()
    const response = await call('GET', `/v2/nobody/referrers/${image.descriptor.digest}`)
    expect([response.status, await response.json()]).toEqual([
      200,
      { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] },
    ])
    expect((await call('GET', '/v2/app/referrers/sha256:no')).status).toBe(400)
  })

  test('referrers, tags and repositories come in pages that link to each other', async () => {
    const { call, registry } = await setUp()
    for (const tag of ['2', '3', '4', '5']) {
      await registry.repository('app').tag(tag, image.descriptor)
    }
    const read = async (path: string): Promise<[unknown, string | null]> => {
      const response = await call('GET', path)
      return [await response.json(), response.headers.get('Link')]
    }
    expect(await read('/v2/app/tags/list?n=2')).toEqual([
      { name: 'app', tags: ['1', '2'] },
      '</v2/app/tags/list?n=2&last=2>; rel="next"',
    ])
    expect(await read('/v2/app/tags/list?n=2&last=4')).toEqual([{ name: 'app', tags: ['5'] }, null])
    expect(await read('/v2/app/tags/list?n=0')).toEqual([{ name: 'app', tags: [] }, null])
    expect(await read('/v2/_catalog?n=1')).toEqual([{ repositories: ['app'] }, null])
    for (const name of ['x', 'y', 'z']) {
      const attached = manifest({ subject: image.descriptor, annotations: { name } })
      await registry.repository('app').write(attached.descriptor, fromBuffer(attached.raw))
    }
    const seen: unknown[] = []
    let path: string | undefined = `/v2/app/referrers/${image.descriptor.digest}?n=2`
    while (path !== undefined) {
      const [body, link] = await read(path)
      seen.push(...(body as { manifests: unknown[] }).manifests)
      path = /<(.*)>/.exec(link ?? '')?.[1]
    }
    expect(seen.length).toBe(3)
  })

  test('DELETE by tag removes the tag, by digest the manifest and all its tags', async () => {
    const { call, registry } = await setUp()
    await registry.repository('app').tag('2', image.descriptor)
    expect((await call('DELETE', '/v2/app/manifests/1')).status).toBe(202)
    expect((await call('GET', '/v2/app/manifests/2')).status).toBe(200)
    const path = `/v2/app/manifests/${image.descriptor.digest}`
    expect((await call('DELETE', path)).status).toBe(202)
    expect((await call('GET', '/v2/app/manifests/2')).status).toBe(404)
    expect((await call('GET', path)).status).toBe(404)
  })

  test('an empty repository lists no tags', async () => {
    const { call } = await setUp()
    await call('DELETE', '/v2/app/manifests/1')
    const response = await call('GET', '/v2/app/tags/list')
    expect([response.status, await response.json()]).toEqual([200, { name: 'app', tags: [] }])
  })

  test('options disable deleting and writing', async () => {
    const keeping = await setUp({ deletable: false })
    const path = `/v2/app/manifests/${image.descriptor.digest}`
    for (const target of [
      path,
      '/v2/app/manifests/1',
      `/v2/app/blobs/${layer.descriptor.digest}`,
    ]) {
      expect((await keeping.call('DELETE', target)).status).toBe(405)
    }
    const fixed = await setUp({ readOnly: true })
    expect((await fixed.call('DELETE', path)).status).toBe(405)
    expect((await fixed.call('POST', '/v2/app/blobs/uploads/')).status).toBe(405)
    expect((await fixed.call('GET', path)).status).toBe(200)
  })

  test('an index and an image need all their parts unless sparse ones are allowed', async () => {
    const missing = manifest({ annotations: { not: 'here' } }).descriptor
    const sparse = [index([missing]), manifest({ layers: [layer.descriptor, missing] })]
    for (const { descriptor, raw } of sparse) {
      const init = { headers: { 'Content-Type': descriptor.mediaType }, body: raw }
      const strict = await setUp()
      const refused = await strict.call('PUT', '/v2/app/manifests/all', init)
      expect([refused.status, await errorCode(refused)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
      const lenient = await setUp({ sparse: true })
      expect((await lenient.call('PUT', '/v2/app/manifests/all', init)).status).toBe(201)
      expect((await lenient.call('GET', '/v2/app/manifests/all')).status).toBe(200)
    }
    const lying = manifest({ layers: [{ ...layer.descriptor, size: 3 }] })
    const { call } = await setUp({ sparse: true })
    const init = { headers: manifestType, body: lying.raw }
    expect((await call('PUT', '/v2/app/manifests/lying', init)).status).toBe(400)
  })

  test('an unexpected error is 500 and its message is not shown', async () => {
    const registry = createMemoryRegistry()
    const broken: Registry = {
      ...registry,
      repository: () => {
        throw new Error('/secret/path')
      },
    }
    const handler = createRegistryHandler(broken)
    const response = await handler(new Request('http://localhost/v2/app/tags/list'))
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
  })

  test('a large blob may come from a file, but only for a repository that holds it', async () => {
    const asked: string[] = []
    const { call, registry } = await setUp({
      async openBlob({ digest }) {
        asked.push(digest)
        return new Blob([large.raw])
      },
    })
    await registry.repository('app').write(large.descriptor, fromBuffer(large.raw))
    const path = `/v2/app/blobs/${large.descriptor.digest}`
    const range = { headers: { Range: 'bytes=3-5' } }
    const response = await call('GET', path, range)
    expect([response.status, response.headers.get('Content-Length')]).toEqual([206, '3'])
    expect(await response.bytes()).toEqual(large.raw.slice(3, 6))
    expect((await call('GET', path.replace('app', 'other'))).status).toBe(404)
    expect((await call('GET', `/v2/app/blobs/${layer.descriptor.digest}`)).status).toBe(200)
    expect(asked).toEqual([large.descriptor.digest])
  })

  test('a blob of any size is sent with its length', async () => {
    const { call, registry } = await setUp()
    await registry.repository('app').write(large.descriptor, fromBuffer(large.raw))
    for (const { descriptor, raw } of [layer, large]) {
      const path = `/v2/app/blobs/${descriptor.digest}`
      const response = await call('GET', path)
      expect(response.headers.get('Content-Length')).toBe(String(descriptor.size))
      expect(response.headers.get('Transfer-Encoding')).toBeNull()
      expect(await response.bytes()).toEqual(raw)
      const part = await call('GET', path, { headers: { Range: 'bytes=1-8' } })
      expect(part.headers.get('Content-Length')).toBe('8')
      expect(await part.bytes()).toEqual(raw.slice(1, 9))
    }
  })

  test('a client is redirected for a blob that is elsewhere', async () => {
    const { call } = await setUp({ locate: async (digest) => new URL(`https://cdn/${digest}`) })
    const path = `/v2/app/blobs/${layer.descriptor.digest}`
    const response = await call('GET', path)
    const elsewhere = `https://cdn/${layer.descriptor.digest}`
    expect([response.status, response.headers.get('Location')]).toEqual([307, elsewhere])
    expect((await call('HEAD', path)).status).toBe(200)
    expect((await call('GET', path.replace('app', 'other'))).status).toBe(404)
  })

  test('HEAD has the headers of GET, for every endpoint and for errors', async () => {
    const { call } = await setUp()
    for (const path of [
      '/v2/',
      '/v2/_catalog',
      '/v2/app/tags/list',
      '/v2/none/tags/list',
      '/v2/app/manifests/1',
      '/v2/app/manifests/none',
      `/v2/app/blobs/${layer.descriptor.digest}`,
      `/v2/app/blobs/sha256:${'0'.repeat(64)}`,
      `/v2/app/referrers/${image.descriptor.digest}`,
      '/v2/app/nothing',
    ]) {
      const [get, head] = [await call('GET', path), await call('HEAD', path)]
      expect([path, head.status, head.headers.get('Content-Length'), await head.text()]).toEqual([
        path,
        get.status,
        String((await get.bytes()).byteLength),
        '',
      ])
      expect(head.headers.get('Content-Type')).toBe(get.headers.get('Content-Type'))
    }
  })

  test('the conditions of a request apply', async () => {
    const { call } = await setUp()
    const path = `/v2/app/blobs/${layer.descriptor.digest}`
    const etag = `"${layer.descriptor.digest}"`
    const status = async (headers: Record<string, string>, to = path): Promise<number> =>
      (await call('GET', to, { headers })).status
    expect(await status({ 'If-None-Match': `"other", W/${etag}` })).toBe(304)
    expect(await status({ 'If-None-Match': '*' })).toBe(304)
    expect(await status({ 'If-Match': '"other"' })).toBe(412)
    expect(await status({ Range: 'bytes=0-1', 'If-Range': etag })).toBe(206)
    expect(await status({ Range: 'bytes=0-1', 'If-Range': '"other"' })).toBe(200)
    const manifestTag = `"${image.descriptor.digest}"`
    expect(await status({ 'If-None-Match': manifestTag }, '/v2/app/manifests/1')).toBe(304)
    const put = async (headers: Record<string, string>, tag: string): Promise<number> => {
      const init = { headers: { ...manifestType, ...headers }, body: image.raw }
      return (await call('PUT', `/v2/app/manifests/${tag}`, init)).status
    }
    expect(await put({ 'If-None-Match': '*' }, '1')).toBe(412)
    expect(await put({ 'If-None-Match': '*' }, 'fresh')).toBe(201)
    expect(await put({ 'If-Match': '"other"' }, '1')).toBe(412)
    expect(await put({ 'If-Match': manifestTag }, '1')).toBe(201)
    const headers = { 'If-Match': '"other"' }
    expect((await call('DELETE', '/v2/app/manifests/1', { headers })).status).toBe(412)
  })

  test('an invalid tag is not found and cannot be pushed', async () => {
    const { call } = await setUp()
    for (const tag of ['.x', '-x', 'a+b', 'x'.repeat(129)]) {
      for (const method of ['GET', 'HEAD', 'DELETE']) {
        const response = await call(method, `/v2/app/manifests/${tag}`)
        expect([tag, method, response.status]).toEqual([tag, method, 404])
      }
      const init = { headers: manifestType, body: image.raw }
      const refused = await call('PUT', `/v2/app/manifests/${tag}`, init)
      expect([refused.status, await errorCode(refused)]).toEqual([400, 'MANIFEST_INVALID'])
    }
  })
})
