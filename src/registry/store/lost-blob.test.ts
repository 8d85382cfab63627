import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { createMemoryStore } from '#content'
import { mkdtempDisposable } from '#platform'
import { fromBuffer } from '#stream'
import { blob } from '../testing/fixtures.ts'
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
