import { expect, test } from 'bun:test'
import { sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { createMemoryRegistry } from './memory.ts'

test('createMemoryRegistry() keeps both of two first uploads at the same time', async () => {
  const registry = createMemoryRegistry()
  const blobs = ['one', 'two'].map((text) => {
    const bytes = new TextEncoder().encode(text)
    const target = { mediaType: 'text/plain', digest: sha256(bytes), size: bytes.length }
    return { repository: registry.repository('app'), bytes, target }
  })
  await Promise.all(
    blobs.map(({ repository, bytes, target }) => repository.write(target, fromBuffer(bytes))),
  )
  for (const { target } of blobs) expect(await registry.repository('app').has(target)).toBe(true)
})

test('createMemoryRegistry() lists a repository after its first upload', async () => {
  const registry = createMemoryRegistry()
  await registry
    .repository('asked')
    .has({ mediaType: 'x', digest: sha256(new Uint8Array()), size: 0 })
  expect(await Array.fromAsync(registry.repositories())).toEqual([])
})
