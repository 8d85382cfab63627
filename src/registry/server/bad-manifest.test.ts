import { expect, test } from 'bun:test'
import { mediaType } from '#oci'
import { fromBuffer } from '#stream'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, manifest } from '../testing/fixtures.ts'
import { createRegistryHandler } from './handler.ts'

const registry = createMemoryRegistry()
const handler = createRegistryHandler(registry)
const config = emptyConfig.descriptor
await registry.repository('app').write(config, fromBuffer(emptyConfig.raw))

async function push(
  body: string | Uint8Array<ArrayBuffer> | ReadableStream,
  type: string = mediaType.ociManifest,
) {
  const headers = type === '' ? {} : { 'Content-Type': type }
  const init = { method: 'PUT', body, headers, duplex: 'half' } as RequestInit
  const response = await handler(new Request('http://localhost/v2/app/manifests/x', init))
  const answer = (await response.json().catch(() => undefined)) as
    | { errors: { code: string }[] }
    | undefined
  return [response.status, answer?.errors[0]?.code]
}

const base = { schemaVersion: 2, config, layers: [] }

test('a manifest whose blobs are missing is refused', async () => {
  const { raw } = manifest({ layers: [blob('nowhere').descriptor] })
  expect(await push(raw)).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
  const { raw: withoutConfig } = manifest({ config: blob('no config').descriptor })
  expect(await push(withoutConfig)).toEqual([400, 'MANIFEST_BLOB_UNKNOWN'])
})

test('a manifest that lies about a size is refused', async () => {
  const { raw } = manifest({ config: { ...config, size: 3 } })
  expect(await push(raw)).toEqual([400, 'MANIFEST_INVALID'])
})

test('a manifest that can be read in two ways is refused', async () => {
  for (const [body, type] of [
    [{ ...base, manifests: [] }, mediaType.ociManifest],
    [{ ...base, manifests: [] }, mediaType.ociIndex],
    [base, mediaType.ociIndex],
    [{ schemaVersion: 2, manifests: [] }, mediaType.ociManifest],
    [{ ...base, mediaType: mediaType.dockerManifest }, mediaType.ociManifest],
    [base, 'application/json'],
    [base, 'text/html'],
    [{ schemaVersion: 1, fsLayers: [] }, ''],
    [{ ...base, schemaVersion: '2' }, mediaType.ociManifest],
  ] as const) {
    expect(await push(JSON.stringify(body), type)).toEqual([400, 'MANIFEST_INVALID'])
  }
  const twice = JSON.stringify(base).replace('"layers"', '"layers":[],"layers"')
  expect(await push(twice)).toEqual([400, 'MANIFEST_INVALID'])
  expect(await push('{')).toEqual([400, 'MANIFEST_INVALID'])
  expect(await push('')).toEqual([400, 'MANIFEST_INVALID'])
})

test('a manifest of more than 4 MiB is 413, announced or not', async () => {
  const large = JSON.stringify({ ...base, annotations: { a: 'x'.repeat(4 * 1024 * 1024) } })
  expect((await push(large))[0]).toBe(413)
  let sent = 0
  const endless = new ReadableStream({
    pull(controller) {
      sent += 65_536
      controller.enqueue(new Uint8Array(65_536).fill(0x20))
    },
  })
  expect((await push(endless))[0]).toBe(413)
  expect(sent).toBeLessThan(5 * 1024 * 1024)
})

test('a manifest of almost 4 MiB is accepted', async () => {
  const notes = Array.from({ length: 41 }, (_, note) => [`note${note}`, 'x'.repeat(100_000)])
  const large = JSON.stringify({ ...base, annotations: Object.fromEntries(notes) })
  expect((await push(large))[0]).toBe(201)
})

test('a layer with URLs of its own may be absent', async () => {
  const foreign = {
    ...blob('foreign').descriptor,
    mediaType: mediaType.dockerForeignLayer,
    urls: ['https://example.com/layer'],
  }
  expect((await push(manifest({ layers: [foreign] }).raw))[0]).toBe(201)
})
