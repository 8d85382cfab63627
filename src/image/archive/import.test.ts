import { expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { createMemoryStore } from '#content'
import { parsePlatform, sha256 } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { layerTar } from '../testing/fixture.ts'
import { importTar } from './import.ts'

const platform = parsePlatform('linux/arm64')

test('importTar() makes an image with the archive as its only layer, byte for byte', async () => {
  const tar = await layerTar({ etc: null, 'etc/motd': 'hi' })
  const store = createMemoryStore()
  const run = { Cmd: ['sh'] }
  const options = { run, platform, message: 'from Debian', created: 86_400 }
  const image = await importTar(overwriting(gzipSync(tar), 100), store, options)
  expect(image.config).toEqual({
    created: '1970-01-02T00:00:00Z',
    architecture: 'arm64',
    os: 'linux',
    config: run,
    rootfs: { type: 'layers', diff_ids: [sha256(tar)] },
    history: [{ created: '1970-01-02T00:00:00Z', comment: 'from Debian' }],
  })
  const [layer] = image.layers
  expect(layer && (await toBuffer(store.read(layer.descriptor), 1 << 20))).toEqual(
    new Uint8Array(tar),
  )
})

test('importTar() makes equal images of equal archives', async () => {
  const tar = await layerTar({ a: '1' })
  const import_ = (bytes: Uint8Array) =>
    importTar(fromBuffer(bytes), createMemoryStore(), { platform })
  const [plain, zipped] = await Promise.all([import_(tar), import_(gzipSync(tar))])
  expect(plain.descriptor).toEqual(zipped.descriptor)
})

test('importTar() refuses input that is not an archive, and leaves nothing', async () => {
  const tar = await layerTar({ a: '1' })
  const cut = tar.subarray(0, 700)
  const damaged = gzipSync(tar).subarray(0, -4)
  for (const bytes of [new TextEncoder().encode('hello'.repeat(300)), cut, damaged]) {
    const store = createMemoryStore()
    await expect(importTar(fromBuffer(bytes), store)).rejects.toMatchObject({ code: 'INVALID' })
    expect(await Array.fromAsync(store.list())).toEqual([])
  }
})
