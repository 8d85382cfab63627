import { expect, test } from 'bun:test'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { connectRegistry } from '#registry'
import { openStoredRegistry, serveRegistry } from '#server'
import { fromBuffer } from '#stream'
import {
  blob,
  emptyConfig,
  type Fixture,
  manifest,
  noise,
} from '../../../registry/testing/fixtures.ts'
import { openTestEngine, type TestEngine } from '../../testing/fixture.ts'
import { cachedManifests, pruneCache } from '../cache.ts'
import { collectRegistry } from '../collect.ts'
import { rollBackTag, tagHistory } from '../tag-history.ts'
import { backUpRegistry, restoreRegistry } from './backup-registry.ts'
import { checkStoredRegistry } from './check-stored.ts'

function imageOf(seed: number): { readonly layer: Fixture; readonly manifest: Fixture } {
  const layer = blob(noise(20_000 + seed))
  return { layer, manifest: manifest({ layers: [layer.descriptor] }) }
}

async function serve(storage: string) {
  const served = await openStoredRegistry(storage)
  const server = await serveRegistry(served, { port: 0 })
  const repository = connectRegistry(new URL(server.url).host).repository('team/app')
  return {
    storage,
    path: (digest: Fixture['descriptor']['digest']) => served.blobs.pathOf(digest),
    repository,
    async push(seed: number): Promise<void> {
      const image = imageOf(seed)
      for (const { descriptor, raw } of [emptyConfig, image.layer, image.manifest]) {
        await repository.write(descriptor, fromBuffer(raw))
      }
      await repository.tag(`v${seed}`, image.manifest.descriptor)
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
    },
  }
}

/** Returns the number of faults of a registry. */
async function faultsOf(engine: TestEngine, storage: string): Promise<number> {
  let count = 0
  for await (const _ of checkStoredRegistry(engine, { storage })) count += 1
  return count
}

test('a backup is brought up to date, and a restored registry serves what it had', async () => {
  await using engine = await openTestEngine()
  await using registry = await serve(`${engine.directory}/data`)
  const backup = `${engine.directory}/backup`
  await registry.push(1)
  await Bun.write(`${registry.storage}/registry-auth/htpasswd`, 'alice:x\n')
  const first = await backUpRegistry(engine, backup, registry)
  expect(first).toMatchObject({ blobs: 3, added: 3, removed: 0, absent: [] })
  const { layer } = imageOf(1)
  const kept = (digest: string) => `${backup}/blobs/sha256/${digest.slice(7)}`
  const { ino } = await stat(registry.path(layer.descriptor.digest))
  expect((await stat(kept(layer.descriptor.digest))).ino).toBe(ino)

  await registry.push(2)
  await registry.repository.delete(imageOf(1).manifest.descriptor)
  const second = await backUpRegistry(engine, backup, { ...registry, copies: true })
  expect(second).toMatchObject({ blobs: 4, added: 2, removed: 1 })
  const copied = imageOf(2).layer.descriptor.digest
  expect((await stat(kept(copied))).ino).not.toBe((await stat(registry.path(copied))).ino)

  const restored = `${engine.directory}/restored`
  expect(await restoreRegistry(backup, { storage: restored })).toMatchObject({
    blobs: 4,
    faulty: [],
  })
  expect(await faultsOf(engine, restored)).toBe(0)
  expect(await Bun.file(`${restored}/registry-auth/htpasswd`).text()).toBe('alice:x\n')
  await using again = await serve(restored)
  expect(await Array.fromAsync(again.repository.tags())).toEqual(['v2'])
  const found = await again.repository.resolve('v2')
  expect(found.digest).toBe(imageOf(2).manifest.descriptor.digest)
})

test('a backup during pushes is whole: it has the content of every tag', async () => {
  await using engine = await openTestEngine()
  await using registry = await serve(`${engine.directory}/data`)
  const backup = `${engine.directory}/backup`
  let isDone = false
  const pushing = (async () => {
    for (let seed = 0; seed < 40; seed += 1) await registry.push(seed)
    isDone = true
  })()
  for (let round = 0; !isDone; round += 1) {
    const { absent } = await backUpRegistry(engine, backup, registry)
    expect(absent).toEqual([])
    const restored = `${engine.directory}/restored-${round}`
    expect(await restoreRegistry(backup, { storage: restored })).toMatchObject({ faulty: [] })
    expect(await faultsOf(engine, restored)).toBe(0)
    await rm(restored, { recursive: true })
  }
  await pushing
})

test('lost content is named, and a damaged backup is not restored silently', async () => {
  await using engine = await openTestEngine()
  await using registry = await serve(`${engine.directory}/data`)
  const backup = `${engine.directory}/backup`
  await registry.push(1)
  const { layer } = imageOf(1)
  await rm(registry.path(layer.descriptor.digest))
  const { absent } = await backUpRegistry(engine, backup, registry)
  expect(absent).toEqual([layer.descriptor.digest])
  const [hex = ''] = await readdir(`${backup}/blobs/sha256`)
  await rm(`${backup}/blobs/sha256/${hex}`)
  await writeFile(`${backup}/blobs/sha256/${hex}`, 'other')
  const { faulty } = await restoreRegistry(backup, { storage: `${engine.directory}/restored` })
  expect(new Set<string>(faulty)).toEqual(new Set([layer.descriptor.digest, `sha256:${hex}`]))
})

test('a backup never goes into its registry, nor a restore over another one', async () => {
  await using engine = await openTestEngine()
  await using registry = await serve(`${engine.directory}/data`)
  await registry.push(1)
  for (const directory of [registry.storage, `${registry.storage}/backup`]) {
    await expect(backUpRegistry(engine, directory, registry)).rejects.toThrow(
      'the registry is there',
    )
  }
  const backup = `${engine.directory}/backup`
  await backUpRegistry(engine, backup, registry)
  await expect(restoreRegistry(backup, { storage: registry.storage })).rejects.toThrow(
    'it is not empty',
  )
  await expect(restoreRegistry(engine.directory, { storage: `${backup}-2` })).rejects.toThrow(
    'not a backup',
  )
  expect(await faultsOf(engine, registry.storage)).toBe(0)
})

test('a registry that has lost everything does not take its backup along', async () => {
  await using engine = await openTestEngine()
  await using registry = await serve(`${engine.directory}/data`)
  const backup = `${engine.directory}/backup`
  await registry.push(1)
  await backUpRegistry(engine, backup, registry)
  // What a server makes on the mount point of a disk that is not mounted.
  await using empty = await serve(`${engine.directory}/empty`)
  await expect(backUpRegistry(engine, backup, empty)).rejects.toThrow('the registry holds nothing')
  expect(await backUpRegistry(engine, `${engine.directory}/new`, empty)).toMatchObject({ blobs: 0 })
  const restored = `${engine.directory}/restored`
  expect(await restoreRegistry(backup, { storage: restored })).toMatchObject({ blobs: 3 })
})

test('commands that care for a registry refuse a directory without one, and make nothing there', async () => {
  await using engine = await openTestEngine()
  const storage = `${engine.directory}/unmounted`
  await mkdir(storage)
  const tag = { storage, repository: 'app', tag: 'v1' }
  const calls: readonly (() => Promise<unknown>)[] = [
    () => faultsOf(engine, storage),
    () => backUpRegistry(engine, `${engine.directory}/backup`, { storage }),
    () => collectRegistry(engine, { storage, keep: 0 }),
    () => tagHistory(engine, tag),
    () => rollBackTag(engine, tag),
    () => Array.fromAsync(cachedManifests(engine, { storage, names: ['docker.io'] })),
    () => pruneCache(engine, { storage, names: ['docker.io'] }),
  ]
  for (const call of calls) await expect(call()).rejects.toThrow('Cannot find a registry in')
  expect(await readdir(storage)).toEqual([])
})
