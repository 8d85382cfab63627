import { expect, test } from 'bun:test'
import { parseIndex } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { createRegistryHandler } from '../server/handler.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { emptyConfig, instantRetries, manifest, peer } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

/** A registry without the referrers API: it answers 404 there, and confirms no subjects. */
function oldRegistry() {
  const registry = createMemoryRegistry()
  const handler = createRegistryHandler(registry)
  const { fetch } = peer(async (request) => {
    if (request.url.includes('/referrers/'))
      return new Response('404 page not found', { status: 404 })
    const response = await handler(request)
    response.headers.delete('OCI-Subject')
    return response
  })
  const client = connectRegistry('localhost', { fetch, retry: instantRetries(2) })
  return { registry, repository: client.repository('app') }
}

test('write() keeps the fallback tag, and referrers() reads it', async () => {
  const { registry, repository } = oldRegistry()
  await repository.write(emptyConfig.descriptor, fromBuffer(emptyConfig.raw))
  const subject = manifest({ annotations: { name: 'subject' } }).descriptor
  expect(await Array.fromAsync(repository.referrers(subject.digest))).toEqual([])
  const sbom = manifest({ subject, artifactType: 'a/sbom', annotations: { n: '1' } })
  const other = manifest({ subject, artifactType: 'a/signature' })
  for (const { raw, descriptor } of [sbom, other]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  const entry = { ...sbom.descriptor, artifactType: 'a/sbom', annotations: { n: '1' } }
  const found = await Array.fromAsync(
    repository.referrers(subject.digest, { artifactType: 'a/sbom' }),
  )
  expect(found).toEqual([entry])
  const tag = subject.digest.replace(':', '-')
  const stored = registry.repository('app')
  const index = await stored.resolve(tag)
  const raw = await toBuffer(stored.read(index), 1e6)
  expect(parseIndex(raw).manifests.length).toBe(2)
})
