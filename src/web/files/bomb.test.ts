import { expect, test } from 'bun:test'
import { mediaType, sha256 } from '#oci'
import { createMemoryRegistry, type Repository } from '#registry'
import { fromBuffer } from '#stream'
import { packTar, type TarInput } from '#tar'
import { readLayerFiles } from './layer-files.ts'
import { LayerIndex } from './layer-index.ts'
import { mergeLayers } from './merge-layers.ts'

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

async function pushArchive(repository: Repository, entries: readonly TarInput[]) {
  const bytes = Bun.gzipSync(Uint8Array.from(await packTar(entries)))
  const digest = sha256(bytes)
  const descriptor = { mediaType: mediaType.ociLayerGzip, digest, size: bytes.length }
  await repository.write(descriptor, fromBuffer(bytes))
  return digest
}

test('a layer of deep paths without their directories is refused with the limits of the server', async () => {
  const repository = createMemoryRegistry().repository('app')
  const deep = '/d'.repeat(1000)
  const entries = Array.from({ length: 300 }, (_, index) => ({ path: `${index}${deep}` }))
  const digest = await pushArchive(repository, entries)
  const index = new LayerIndex()
  // The list itself is short. Its directories would be more than 250,000 entries.
  expect((await index.read(repository, digest)).files).toHaveLength(300)
  await expect(index.readTree(repository, [digest])).rejects.toMatchObject({ code: 'INVALID' })
})

test('long paths and targets weigh more than short ones', async () => {
  const repository = createMemoryRegistry().repository('app')
  const target = 'x'.repeat(4000)
  const long = await pushArchive(repository, [{ path: 'a', type: 'symlink', linkpath: target }])
  const short = await pushArchive(repository, [{ path: 'a', type: 'symlink', linkpath: 'x' }])
  const index = new LayerIndex({ entries: 20 })
  expect((await index.readTree(repository, [short])).size).toBe(1)
  await expect(index.readTree(repository, [long])).rejects.toMatchObject({ code: 'INVALID' })
})

test('the most layers an image can have, above a large one, are merged at once', () => {
  const common = { type: 'file', mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, offset: 0 } as const
  const layer = sha256(new Uint8Array())
  const paths = Array.from({ length: 200_000 }, (_, index) => `usr/lib/a/b/${index}`)
  const large = paths.map((path) => ({ path, layer, ...common }))
  const above = paths.slice(0, 499).map((path) => ({ files: [], removed: [path], emptied: [] }))
  const tree = mergeLayers([{ files: large, removed: [], emptied: [] }, ...above], 250_000)
  expect(tree?.size).toBe(200_000 - 499 + 4)
})
