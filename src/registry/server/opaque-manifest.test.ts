import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mediaType } from '#oci'
import type { FetchHandler } from '../registry.ts'
import { openDirectoryRegistry } from '../store/directory/directory.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, manifest } from '../testing/fixtures.ts'
import { createRegistryHandler } from './handler.ts'

const artifact = 'application/vnd.oci.artifact.manifest.v1+json'
const call = (handler: FetchHandler, path: string, init: RequestInit = {}): Promise<Response> =>
  handler(new Request(`http://localhost/v2/app/manifests/${path}`, init))
const put = (type: string, body: string | Uint8Array<ArrayBuffer>): RequestInit => ({
  method: 'PUT',
  headers: { 'Content-Type': type },
  body,
})

async function servesOpaque(handler: FetchHandler): Promise<void> {
  // The server does not read such a document: odd white space, absent blobs, a repeated name.
  const text = `{ "mediaType":"${artifact}", "blobs":[{"size":1e0}],"x":1,"x":2 }`
  const { descriptor, raw } = blob(text)
  const pushed = await call(handler, 'odd', put(`${artifact}; charset=utf-8`, raw))
  expect([pushed.status, pushed.headers.get('Docker-Content-Digest')]).toEqual([
    201,
    descriptor.digest,
  ])
  for (const reference of ['odd', descriptor.digest]) {
    const found = await call(handler, reference)
    expect(found.headers.get('Content-Type')).toBe(artifact)
    expect(await found.text()).toBe(text)
  }
  const bytes = blob(new Uint8Array([0xff, 0x00, 0x7b]))
  const type = 'application/x-anything'
  const { digest } = bytes.descriptor
  expect((await call(handler, digest, put(type, bytes.raw))).status).toBe(201)
  expect(new Uint8Array(await (await call(handler, digest)).arrayBuffer())).toEqual(bytes.raw)
  expect((await call(handler, digest, { method: 'DELETE' })).status).toBe(202)
  expect((await call(handler, digest)).status).toBe(404)
}

test('PUT of a manifest of another media type keeps its bytes in memory', async () => {
  await servesOpaque(createRegistryHandler(createMemoryRegistry()))
})

test('PUT of a manifest of another media type keeps its bytes in a directory', async () => {
  const root = await mkdtemp(join(tmpdir(), 'strake-opaque-'))
  try {
    await servesOpaque(createRegistryHandler(await openDirectoryRegistry(root)))
  } finally {
    await rm(root, { recursive: true })
  }
})

test('PUT of an image under another media type is refused, because it is unchecked', async () => {
  const handler = createRegistryHandler(createMemoryRegistry())
  const image = new TextDecoder().decode(manifest().raw)
  const bare = image.replace(`"mediaType":"${mediaType.ociManifest}",`, '')
  expect(bare).not.toBe(image)
  for (const [type, body] of [
    [artifact, image],
    [artifact, bare],
    [artifact, bare.replace('"layers"', '"Layers"').replace('"config"', '"x"')],
    [artifact, '{"manifests":[]}'],
    [artifact, `{"mediaType":"${mediaType.ociIndex}"}`],
    [artifact, `{"MediaType":"${artifact}"}`],
    ['application/vnd.docker.distribution.manifest.v1+json', '{"fsLayers":[]}'],
    ['not a type', '{}'],
    ['a/b/c', '{}'],
  ] as const) {
    const answer = await call(handler, 'x', put(type, body))
    const { errors } = (await answer.json()) as { errors: { code: string }[] }
    expect([answer.status, errors[0]?.code]).toEqual([400, 'MANIFEST_INVALID'])
  }
})

test('a blob is not served as a manifest, even with a media type of its own', async () => {
  const registry = createMemoryRegistry()
  const handler = createRegistryHandler(registry)
  const { raw, descriptor } = blob('a blob')
  const upload = `http://localhost/v2/app/blobs/uploads/?digest=${descriptor.digest}`
  const request = new Request(upload, { method: 'POST', body: raw })
  expect((await handler(request)).status).toBe(201)
  expect((await call(handler, descriptor.digest)).status).toBe(404)
  expect(await registry.repository('app').has({ ...descriptor, mediaType: artifact })).toBe(true)
})
