import { expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { copy } from '#content'
import { fromBuffer, toBuffer } from '#stream'
import { connectRegistry } from '../../client/connect.ts'
import { createRegistryHandler } from '../../server/handler.ts'
import { blob, emptyConfig, index, manifest, noise } from '../../testing/fixtures.ts'
import { createMemoryRegistry } from '../memory.ts'
import { openDirectoryRegistry } from './directory.ts'

const layer = blob(noise(300_000), 'application/vnd.oci.image.layer.v1.tar')
const image = manifest({ layers: [layer.descriptor] })
const all = index([image.descriptor])

async function temporary(): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = await mkdtemp(join(tmpdir(), 'strake-registry-'))
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

test('openDirectoryRegistry() finds all content again, and stores shared blobs once', async () => {
  await using place = await temporary()
  for (const name of ['app', 'team/app']) {
    const repository = (await openDirectoryRegistry(place.root)).repository(name)
    for (const { raw, descriptor } of [layer, emptyConfig, image, all]) {
      await repository.write(descriptor, fromBuffer(raw))
    }
    await repository.tag('v1', all.descriptor)
  }
  const again = await openDirectoryRegistry(place.root)
  expect(await Array.fromAsync(again.repositories())).toEqual(['app', 'team/app'])
  expect(await again.repository('team/app').resolve('v1')).toEqual(all.descriptor)
  const bytes = again.repository('app').read(layer.descriptor)
  expect(await toBuffer(bytes, 1e6)).toEqual(layer.raw)
  expect((await readdir(join(place.root, 'blobs', 'sha256'))).length).toBe(4)
})

test('copy() copies an image between registries of all kinds', async () => {
  await using place = await temporary()
  const source = createMemoryRegistry().repository('app')
  for (const { raw, descriptor } of [layer, emptyConfig, image, all]) {
    await source.write(descriptor, fromBuffer(raw))
  }
  const directory = await openDirectoryRegistry(place.root)
  const fetch = createRegistryHandler(directory)
  const remote = connectRegistry('localhost', { fetch }).repository('mirror/app')
  await copy(source, remote, all.descriptor)
  await remote.tag('v1', all.descriptor)
  const back = createMemoryRegistry().repository('back')
  await copy(remote, back, await remote.resolve('v1'))
  expect(await toBuffer(back.read(layer.descriptor), 1e6)).toEqual(layer.raw)
})
