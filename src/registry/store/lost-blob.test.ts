import { expect, test } from 'bun:test'
import { chmod, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { createMemoryStore, openDirectoryStore } from '#content'
import { mkdtempDisposable } from '#platform'
import { fromBuffer } from '#stream'
import { createRegistryHandler } from '../server/handler.ts'
import { blob, noise } from '../testing/fixtures.ts'
import { createDirectoryFacts } from './directory/directory-facts.ts'
import { createLocalRegistry } from './local.ts'

test('a blob that the store lost is unknown until the next upload', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-lost-')
  const store = createMemoryStore()
  const repository = createLocalRegistry(store, createDirectoryFacts(directory.path)).repository(
    'a',
  )
  const { descriptor, raw: bytes } = blob('content')
  await repository.write(descriptor, fromBuffer(bytes))
  expect(await repository.has(descriptor)).toBe(true)
  await store.delete(descriptor)
  expect(await repository.has(descriptor)).toBe(false)
  expect(repository.resolveBlob(descriptor.digest)).rejects.toMatchObject({ code: 'BLOB_UNKNOWN' })
  await repository.write(descriptor, fromBuffer(bytes))
  expect(await Array.fromAsync(repository.read(descriptor))).toEqual([bytes])
})

test('damage of a blob is noticed although the store had it a moment ago', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-lost-')
  const store = await openDirectoryStore(`${directory.path}/store`)
  const facts = createDirectoryFacts(`${directory.path}/facts`)
  const registry = createLocalRegistry(store, facts)
  const { descriptor, raw } = blob(noise(100_000, 1))
  await registry.repository('a').write(descriptor, fromBuffer(raw))
  await using handler = createRegistryHandler(registry)
  const ask = (method: string) =>
    handler(new Request(`http://localhost/v2/a/blobs/${descriptor.digest}`, { method }))
  expect((await ask('HEAD')).status).toBe(200)
  const path = store.pathOf(descriptor.digest)
  await chmod(path, 0o600)
  await writeFile(path, noise(100_000, 2))
  const answer = await ask('GET')
  expect(answer.status).toBe(404)
  expect(await answer.json()).toMatchObject({ errors: [{ code: 'BLOB_UNKNOWN' }] })
  expect((await ask('HEAD')).status).toBe(404)
})

test('a small blob is read from the store once', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-lost-')
  const store = createMemoryStore()
  let reads = 0
  const counting = {
    ...store,
    has: store.has.bind(store),
    write: store.write.bind(store),
    read(...all: Parameters<typeof store.read>) {
      reads += 1
      return store.read(...all)
    },
  }
  const facts = createDirectoryFacts(directory.path)
  const repository = createLocalRegistry(counting as typeof store, facts).repository('a')
  const { descriptor, raw } = blob('content')
  await repository.write(descriptor, fromBuffer(raw))
  for (let count = 0; count < 3; count += 1) {
    expect(await Array.fromAsync(repository.read(descriptor))).toEqual([raw])
  }
  expect(reads).toBe(1)
  expect(await Array.fromAsync(repository.read(descriptor, { start: 3 }))).toEqual([
    raw.subarray(3),
  ])
})
