import { describe, expect, test } from 'bun:test'
import { mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { createMemoryStore } from './memory.ts'
import { testContentStore, testLocalIngests } from './testing/contract.ts'

const open = async () => ({ store: createMemoryStore(), [Symbol.asyncDispose]: async () => {} })

testContentStore('createMemoryStore()', open)
describe('createMemoryStore() as a local store', () => testLocalIngests(open))

test('createMemoryStore() lists blobs with the time of their last use', async () => {
  let now = 1000
  const store = createMemoryStore(() => now)
  const bytes = new TextEncoder().encode('hi')
  const descriptor = { mediaType: mediaType.ociLayer, digest: sha256(bytes), size: 2 }
  await store.write(descriptor, fromBuffer(bytes))
  now = 2000
  await store.has(descriptor)
  const listed = await Array.fromAsync(store.list())
  expect(listed).toEqual([{ digest: descriptor.digest, size: 2, links: 1, usedAt: 2000 }])
})
