import { test } from 'bun:test'
import { mediaType } from '#oci'
import { toBuffer } from '#stream'
import { expectCode } from '../testing/expect-code.ts'
import { blob, emptyConfig, instantRetries, manifest, peer } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const config = emptyConfig.descriptor
const fields = { schemaVersion: 2, config, layers: [] }

/** Documents that two readers could understand in two ways, and what they are delivered as. */
const cases: readonly { name: string; body: unknown; type: string }[] = [
  {
    name: 'a manifest that is an index too',
    body: { ...fields, manifests: [] },
    type: mediaType.ociManifest,
  },
  {
    name: 'an index that is a manifest too',
    body: { ...fields, manifests: [] },
    type: mediaType.ociIndex,
  },
  { name: 'a manifest delivered as an index', body: fields, type: mediaType.ociIndex },
  {
    name: 'an index delivered as a manifest',
    body: { schemaVersion: 2, manifests: [] },
    type: mediaType.ociManifest,
  },
  {
    name: 'a manifest with the media type of an index',
    body: { ...fields, mediaType: mediaType.ociIndex },
    type: mediaType.ociManifest,
  },
  {
    name: 'an OCI manifest with the media type of a Docker manifest',
    body: { ...fields, mediaType: mediaType.dockerManifest },
    type: mediaType.ociManifest,
  },
  {
    name: 'another schema version',
    body: { ...fields, schemaVersion: 3 },
    type: mediaType.ociManifest,
  },
  {
    name: "Docker's first format",
    body: { schemaVersion: 1, fsLayers: [] },
    type: mediaType.dockerManifest,
  },
]

for (const { name, body, type } of cases) {
  test(`resolve() and read() refuse ${name}`, async () => {
    const raw = new TextEncoder().encode(JSON.stringify(body))
    const server = peer(
      (request) =>
        new Response(request.method === 'HEAD' ? null : raw, { headers: { 'Content-Type': type } }),
    )
    const options = { fetch: server.fetch, retry: instantRetries(2) }
    const repository = connectRegistry('localhost', options).repository('app')
    await expectCode(repository.resolve('1'), ['MANIFEST_INVALID'])
    const descriptor = { ...blob(raw).descriptor, mediaType: type }
    await expectCode(toBuffer(repository.read(descriptor), 1e6), ['MANIFEST_INVALID'])
  })
}

test('read() refuses a good manifest that is delivered as another type than its descriptor says', async () => {
  const { raw, descriptor } = manifest()
  const headers = { 'Content-Type': mediaType.dockerManifest }
  const server = peer(() => new Response(raw, { headers }))
  const options = { fetch: server.fetch, retry: instantRetries(2) }
  const repository = connectRegistry('localhost', options).repository('app')
  await expectCode(toBuffer(repository.read(descriptor), 1e6), ['MANIFEST_INVALID'])
})
