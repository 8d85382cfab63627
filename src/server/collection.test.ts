import { expect, test } from 'bun:test'
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CollectSettings, collect, connectRegistry, noteLost } from '#registry'
import { fromBuffer } from '#stream'
import { blob, type Fixture, manifest } from '../registry/testing/fixtures.ts'
import { collectedOf, openStoredRegistry, serveRegistry } from './registry.ts'

async function temporary(): Promise<{ readonly root: string } & AsyncDisposable> {
  const root = await mkdtemp(join(tmpdir(), 'strake-collection-'))
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

/** Content of its own, with a config of its own, so that nothing is shared. */
function image(seed: string): { readonly blobs: readonly Fixture[]; readonly manifest: Fixture } {
  const blobs = [blob(`layer of ${seed} `.repeat(50)), blob(`config of ${seed}`)]
  const [layer, config] = blobs.map(({ descriptor }) => descriptor)
  if (layer === undefined || config === undefined) throw new TypeError('no fixture')
  return { blobs, manifest: manifest({ layers: [layer], config }) }
}

const hour = 3_600_000

test('collect() deletes content that no repository holds, and nothing that a push has just used', async () => {
  await using place = await temporary()
  await using served = await openStoredRegistry(place.root)
  const { collection, content } = collectedOf(served)
  if (content === undefined) throw new TypeError('the store is not shared')
  const repository = served.registry.repository('team/app')
  const [first, second] = [image('first'), image('second')]
  for (const { blobs, manifest: target } of [first, second]) {
    for (const { descriptor, raw } of blobs) await repository.write(descriptor, fromBuffer(raw))
    await repository.write(target.descriptor, fromBuffer(target.raw))
    await repository.tag('v1', target.descriptor)
  }
  const all = [...first.blobs, first.manifest, ...second.blobs, second.manifest]
  const age = new Date(Date.now() - 100 * hour)
  for (const { descriptor } of all) await utimes(served.blobs.pathOf(descriptor.digest), age, age)
  const at = async (hours: number) => {
    const now = () => Date.now() + hours * hour
    return await collect(collection, content, { keepManifests: hour, keepBlobs: hour, now })
  }
  expect(await at(0)).toEqual({ manifests: 0, blobs: 0, content: 0, bytes: 0 })
  // The first manifest has lost its tag; its blobs become free when it goes.
  const bytes = first.manifest.raw.byteLength
  expect(await at(2)).toEqual({ manifests: 1, blobs: 0, content: 1, bytes })
  expect(await at(2)).toMatchObject({ manifests: 0, blobs: 2, content: 2 })
  expect(await at(2)).toEqual({ manifests: 0, blobs: 0, content: 0, bytes: 0 })
  for (const { descriptor } of [...second.blobs, second.manifest]) {
    expect(await content.has(descriptor)).toBe(true)
  }
  for (const { descriptor } of first.blobs) expect(await content.has(descriptor)).toBe(false)
})

test('collect() keeps content between its upload and the moment when a repository holds it', async () => {
  await using place = await temporary()
  await using served = await openStoredRegistry(place.root)
  const { collection, content } = collectedOf(served)
  if (content === undefined) throw new TypeError('the store is not shared')
  const { descriptor, raw } = blob('between')
  await content.write(descriptor, fromBuffer(raw))
  await noteLost(collection, content)
  const settings = { keepManifests: hour, keepBlobs: hour }
  const soon = () => Date.now() + 1.5 * hour
  const path = served.blobs.pathOf(descriptor.digest)
  // The push finds the content in the store, which renews its time of use.
  await utimes(path, new Date(soon()), new Date(soon()))
  expect(await collect(collection, content, { ...settings, now: soon })).toMatchObject({
    content: 0,
  })
  const later = () => Date.now() + 4 * hour
  expect(await collect(collection, content, { ...settings, now: later })).toMatchObject({
    content: 1,
  })
})

const settings: CollectSettings = { interval: 20, keepManifests: 0, keepBlobs: 0, retention: [] }

test('a server that collects all the time fails no push and no pull, and loses nothing', async () => {
  await using place = await temporary()
  await using served = await openStoredRegistry(place.root)
  const errors: unknown[] = []
  let rounds = 0
  await using server = await serveRegistry(served, {
    port: 0,
    collect: settings,
    collectEvents: { onError: (error) => errors.push(error), onRound: () => (rounds += 1) },
  })
  const registry = connectRegistry(new URL(server.url).host, { fetch })
  const worker = async (own: number): Promise<void> => {
    const repository = registry.repository(`team/${own % 2}`)
    for (let count = 0; count < 12; count += 1) {
      const { blobs, manifest: target } = image(`${own} ${count % 3}`)
      for (const { descriptor, raw } of blobs) await repository.write(descriptor, fromBuffer(raw))
      await repository.write(target.descriptor, fromBuffer(target.raw))
      await repository.tag(`v${own}`, target.descriptor)
      expect(await repository.resolve(`v${own}`)).toMatchObject({
        digest: target.descriptor.digest,
      })
      for (const { descriptor, raw } of blobs) {
        expect(await Array.fromAsync(repository.read(descriptor))).toEqual([raw])
      }
    }
  }
  await Promise.all(Array.from({ length: 4 }, (_, own) => worker(own)))
  while (rounds < 3) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(errors).toEqual([])
  expect(await readdir(join(place.root, 'ingest'))).toEqual([])
})
