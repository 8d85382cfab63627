import { expect, test } from 'bun:test'
import { type Descriptor, encodeJson, limits, mediaType, sha256 } from '#oci'
import { collect } from './collect.ts'
import { readGraph } from './graph.ts'
import { createMemoryStore } from './memory.ts'
import { selectManifest } from './select-manifest.ts'
import type { ContentSource } from './store.ts'
import { put, putImage, putIndex } from './testing/fixture.ts'

/** A source that counts how often each content is read. */
function counting(source: ContentSource): { source: ContentSource; reads: Map<string, number> } {
  const reads = new Map<string, number>()
  return {
    reads,
    source: {
      has: (target) => source.has(target),
      read: (target, options) => {
        reads.set(target.digest, (reads.get(target.digest) ?? 0) + 1)
        return source.read(target, options)
      },
    },
  }
}

test('readGraph() visits a descriptor of many indexes once, however many paths lead to it', async () => {
  const store = createMemoryStore()
  const image = await putImage(store, 'shared', ['layer'])
  const platform = { os: 'linux', architecture: 'amd64' }
  let level: readonly Descriptor[] = [image]
  // A thousand paths at each of four levels are 10^12 paths.
  const width = 1000
  for (let depth = 0; depth < limits.indexDepth; depth++) {
    const listed = Array.from({ length: width }, (_, at) => {
      const child = level[at % level.length] ?? image
      return { ...child, platform }
    })
    level = [await putIndex(store, listed)]
  }
  const [root = image] = level
  const { source, reads } = counting(store)
  const { blobs, documents } = await readGraph(source, root)
  expect(documents).toHaveLength(limits.indexDepth + 1)
  expect(blobs).toHaveLength(2)
  expect([...reads.values()]).toEqual(Array.from({ length: limits.indexDepth + 1 }, () => 1))
  await selectManifest(source, root, platform)
  expect(Math.max(...reads.values())).toBeLessThanOrEqual(2)
  const kept = await collect(store, () => [root], { isHeld: () => false })
  expect(kept.digests).toEqual([])
})

test('readGraph() follows neither subjects nor annotations', async () => {
  const store = createMemoryStore()
  const subject = await putImage(store, 'subject', ['other'])
  const config = await put(store, mediaType.empty, '{}')
  const manifest = { schemaVersion: 2, mediaType: mediaType.ociManifest, config, layers: [] }
  const annotations = { 'org.example.next': subject.digest }
  const bytes = encodeJson({ ...manifest, subject, annotations })
  const { blobs, documents } = await readGraph(
    store,
    await put(store, mediaType.ociManifest, bytes),
  )
  expect(documents).toHaveLength(1)
  expect(blobs.map(({ digest }) => digest)).toEqual([config.digest])
})

test('readGraph() accepts as many descriptors as the limit allows', async () => {
  const store = createMemoryStore()
  const leaves = (count: number): Descriptor[] =>
    Array.from({ length: count }, (_, at) => ({
      mediaType: 'application/octet-stream',
      digest: sha256(String(at)),
      size: 1,
    }))
  const most = limits.descriptors - 1
  expect((await readGraph(store, await putIndex(store, leaves(most)))).blobs).toHaveLength(most)
  const over = await putIndex(store, leaves(most + 1))
  await expect(readGraph(store, over)).rejects.toThrow(`more than ${limits.descriptors}`)
})

test('readGraph() refuses a digest that is a manifest here and a layer there', async () => {
  const store = createMemoryStore()
  const image = await putImage(store, 'both', ['layer'])
  for (const order of [
    [image, { ...image, mediaType: mediaType.ociLayer }],
    [{ ...image, mediaType: mediaType.ociLayer }, image],
  ]) {
    const root = await putIndex(store, order)
    await expect(readGraph(store, root)).rejects.toThrow('contradict each other')
  }
})
