import { expect, test } from 'bun:test'
import { linkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { type Descriptor, mediaType, sha256 } from '#oci'
import { mkdtempDisposable } from '#platform'
import { collect } from './collect.ts'
import { openDirectoryStore } from './directory/directory.ts'
import { createMemoryStore } from './memory.ts'
import type { LocalStore, StoredBlob } from './store.ts'
import { put, putImage, putIndex } from './testing/fixture.ts'

const unheld = { isHeld: () => false }

test('collect() deletes unreachable blobs and keeps reachable ones', async () => {
  const store = createMemoryStore()
  const kept = await putImage(store, 'kept', ['base', 'top'])
  const index = await putIndex(store, [kept])
  await putImage(store, 'gone', ['base', 'other'])
  const { digests, size } = await collect(store, () => [index], unheld)
  expect(digests.length).toBe(3)
  expect(digests).toContain(sha256('other'))
  expect(size).toBeGreaterThan(5)
  const left = (await Array.fromAsync(store.list())).map(({ digest }) => digest)
  expect(left).toContain(sha256('base'))
  expect(left.length).toBe(5)
})

test('collect() keeps held blobs, and calls isHeld with the time of use', async () => {
  const store = createMemoryStore(() => 7)
  const one = await put(store, mediaType.ociLayer, 'one')
  await put(store, mediaType.ociLayer, 'two')
  const isHeld = async ({ digest, usedAt }: StoredBlob): Promise<boolean> =>
    usedAt === 7 && digest === one.digest
  expect((await collect(store, () => [], { isHeld })).digests).toEqual([sha256('two')])
})

test('collect() keeps blobs that are held or reached only after its first check, with their manifest', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-collect-')
  for (const store of [createMemoryStore(), await openDirectoryStore(directory.path)]) {
    const image = await putImage(store, 'late', ['a', 'b'])
    const before = (await Array.fromAsync(store.list())).length
    let asked = 0
    const isHeld = (): boolean => ++asked % 2 === 0
    expect((await collect(store, () => [], { isHeld })).digests).toEqual([])
    let calls = 0
    const roots = (): Descriptor[] => (++calls === 1 ? [] : [image])
    expect((await collect(store, roots, unheld)).digests).toEqual([])
    expect((await Array.fromAsync(store.list())).length).toBe(before)
    expect(await store.has(image)).toBe(true)
  }
})

/** The same store, whose list begins with these blobs. */
function listing(open: LocalStore, first: readonly Descriptor[]): LocalStore {
  const digests = first.map(({ digest }) => digest)
  const store: LocalStore = Object.create(open, {
    list: {
      value: async function* () {
        const all = await Array.fromAsync(open.list())
        yield* digests.flatMap((each) => all.filter(({ digest }) => digest === each))
        yield* all.filter(({ digest }) => !digests.includes(digest))
      },
    },
  })
  for (const name of ['has', 'read', 'deleteUnless'] as const) {
    Object.defineProperty(store, name, { value: open[name].bind(open) })
  }
  return store
}

test('collect() keeps the layers of an image that is named while its manifest is hidden', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-collect-')
  for (const open of [createMemoryStore(), await openDirectoryStore(directory.path)]) {
    const image = await putImage(open, 'named late', ['a', 'b'])
    // The manifest is the first blob that the collection checks.
    const store = listing(open, [image])
    let isNamed = false
    const roots = (): Descriptor[] => {
      const named = isNamed ? [image] : []
      isNamed = true
      return named
    }
    expect((await collect(store, roots, unheld)).digests).toEqual([])
    expect(await Array.fromAsync(open.list())).toHaveLength(4)
  }
})

test('collect() keeps all of an index that gets its name at any moment', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-collect-')
  for (const open of [createMemoryStore(), await openDirectoryStore(directory.path)]) {
    const one = await putImage(open, 'amd64', ['shared', 'of amd64'])
    const two = await putImage(open, 'arm64', ['shared', 'of arm64'])
    const index = await putIndex(open, [one, two])
    for (const first of [[index], [one], [two, one], [index, one, two], [one, index]]) {
      const store = listing(open, first)
      let calls = 0
      // The first answer is that of the walk before the first blob.
      const roots = (): Descriptor[] => (++calls === 1 ? [] : [index])
      expect((await collect(store, roots, unheld)).digests).toEqual([])
    }
    expect(await Array.fromAsync(open.list())).toHaveLength(8)
  }
})

test('collect() keeps the stored images of an index whose other platforms are absent', async () => {
  const store = createMemoryStore()
  const here = await putImage(store, 'amd64', ['of amd64'])
  const absent = await putImage(store, 'arm64', ['of arm64'])
  const index = await putIndex(store, [absent, here])
  await store.delete(absent)
  const { digests } = await collect(store, () => [index], unheld)
  expect(digests.toSorted()).toEqual([sha256('{"name":"arm64"}'), sha256('of arm64')].toSorted())
  expect(await store.has(here)).toBe(true)
})

test('collect() hides a blob before its last check, so that no process relies on it', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-collect-')
  for (const store of [createMemoryStore(), await openDirectoryStore(directory.path)]) {
    const blob = await put(store, mediaType.ociLayer, 'seen by no process')
    const seen: boolean[] = []
    const isHeld = async (): Promise<boolean> => {
      seen.push(await store.has(blob))
      return false
    }
    expect((await collect(store, () => [], { isHeld })).digests).toEqual([blob.digest])
    expect(seen).toEqual([true, false, false])
  }
})

test('collect() keeps a blob whose hold ends once a root reaches it, or begins while one does', async () => {
  const store = createMemoryStore()
  const blob = await put(store, mediaType.ociLayer, 'passed on')
  // The first call checks the visible blob; the later calls check it while it is hidden.
  for (const [heldAt, namedAt] of [
    [2, 3],
    [3, 2],
  ]) {
    let holds = 0
    let names = 0
    const isHeld = (): boolean => ++holds === heldAt
    const roots = (): Descriptor[] => (++names === namedAt ? [blob] : [])
    expect((await collect(store, roots, { isHeld })).digests).toEqual([])
  }
})

test('collect() puts a blob back when a check fails', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-collect-')
  for (const store of [createMemoryStore(), await openDirectoryStore(directory.path)]) {
    const blob = await put(store, mediaType.ociLayer, 'still here')
    let asked = 0
    const isHeld = (): boolean => {
      if (++asked === 2) throw new Error('database is locked')
      return false
    }
    await expect(collect(store, () => [], { isHeld })).rejects.toThrow('database is locked')
    expect(await store.has(blob)).toBe(true)
  }
})

test('collect() walks a manifest that another root names as a plain blob', async () => {
  const store = createMemoryStore()
  const image = await putImage(store, 'one', ['a'])
  const asBlob = { ...image, mediaType: 'application/octet-stream' }
  for (const roots of [
    [image, asBlob],
    [asBlob, image],
  ]) {
    expect((await collect(store, () => roots, unheld)).digests).toEqual([])
  }
})

test('collect() continues when a manifest is missing, and visits shared ones once', async () => {
  const store = createMemoryStore()
  const image = await putImage(store, 'one', ['a'])
  const missing = { mediaType: mediaType.ociManifest, digest: sha256('missing'), size: 7 }
  const index = await putIndex(store, [image, missing, image])
  expect((await collect(store, () => [index, index], unheld)).digests).toEqual([])
})

test('collect() throws the reason of its signal', async () => {
  const store = createMemoryStore()
  for (const name of ['one', 'two', 'three']) await put(store, mediaType.ociLayer, name)
  const controller = new AbortController()
  const isHeld = (): boolean => {
    controller.abort(new Error('enough'))
    return false
  }
  const collecting = collect(store, () => [], { isHeld, signal: controller.signal })
  await expect(collecting).rejects.toThrow('enough')
  expect(await Array.fromAsync(store.list())).toHaveLength(2)
})

test('collect() counts no bytes of a file that has another name too', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-collect-')
  const store = await openDirectoryStore(directory.path)
  const shared = await put(store, mediaType.ociLayer, 'shared')
  await put(store, mediaType.ociLayer, 'alone')
  linkSync(store.pathOf(shared.digest), `${directory.path}/archive`)
  const { digests, size } = await collect(store, () => [], unheld)
  expect(digests.length).toBe(2)
  expect(size).toBe('alone'.length)
})
