import { expect, test } from 'bun:test'
import { mediaType, sha256 } from '#oci'
import { createMemoryRegistry } from '#registry'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { readLayerFiles } from './layer-files.ts'

test('a layer that grows without end is refused with the limits of the server', async () => {
  const archive = await packTar([{ path: 'zero', body: new Uint8Array(100 * 2 ** 20) }])
  const bomb = Bun.gzipSync(Uint8Array.from(archive), { level: 9 })
  // A thousand times as large as it is stored.
  expect(archive.length / bomb.length).toBeGreaterThan(500)
  const repository = createMemoryRegistry().repository('app')
  const digest = sha256(bomb)
  const descriptor = { mediaType: mediaType.ociLayerGzip, digest, size: bomb.length }
  await repository.write(descriptor, fromBuffer(bomb))
  const { signal } = new AbortController()
  await expect(readLayerFiles(repository, digest, { signal })).rejects.toMatchObject({
    code: 'SIZE_INVALID',
  })
})
