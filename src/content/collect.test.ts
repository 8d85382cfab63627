import { expect, test } from 'bun:test'
import { mediaType, sha256 } from '#oci'
import { collect } from './collect.ts'
import { put, putImage, putIndex } from './fixture.ts'
import { createMemoryStore } from './memory.ts'

const always = { graceMs: 0, isHeld: () => false, now: Number.MAX_SAFE_INTEGER }

test('collect() deletes what no root reaches and keeps what one does', async () => {
  const store = createMemoryStore()
  const kept = await putImage(store, 'kept', ['base', 'top'])
  const index = await putIndex(store, [kept])
  await putImage(store, 'gone', ['base', 'other'])
  const { digests, size } = await collect(store, [index], always)
  expect(digests.length).toBe(3)
  expect(digests).toContain(sha256('other'))
  expect(size).toBeGreaterThan(5)
  const left = (await Array.fromAsync(store.list())).map(({ digest }) => digest)
  expect(left).toContain(sha256('base'))
  expect(left.length).toBe(5)
})

test('collect() keeps what a lease holds, asking right before it deletes', async () => {
  const store = createMemoryStore()
  const one = await put(store, mediaType.ociLayer, 'one')
  await put(store, mediaType.ociLayer, 'two')
  const isHeld = async (digest: string): Promise<boolean> => digest === one.digest
  const { digests } = await collect(store, [], { ...always, isHeld })
  expect(digests).toEqual([sha256('two')])
})

test('collect() keeps what was used within the grace time', async () => {
  let now = 0
  const store = createMemoryStore(() => now)
  const old = await put(store, mediaType.ociLayer, 'old')
  now = 1000
  await put(store, mediaType.ociLayer, 'new')
  const options = { ...always, graceMs: 500, now: 1200 }
  expect((await collect(store, [], options)).digests).toEqual([old.digest])
})

test('collect() goes on when a manifest is missing, and visits shared ones once', async () => {
  const store = createMemoryStore()
  const image = await putImage(store, 'one', ['a'])
  const missing = { mediaType: mediaType.ociManifest, digest: sha256('missing'), size: 7 }
  const index = await putIndex(store, [image, missing, image])
  expect((await collect(store, [index, index], always)).digests).toEqual([])
})
