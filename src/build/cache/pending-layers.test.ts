import { expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { createMemoryStore } from '#content'
import { type Descriptor, type Digest, mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { PendingLayers } from './pending-layers.ts'

const tar = new Uint8Array(10_240)
const diffId = sha256(tar)
const blobOf = (bytes: Uint8Array): Descriptor => ({
  mediaType: mediaType.ociLayer,
  digest: sha256(bytes),
  size: bytes.length,
})

/** Fetches the layer of a cache that states `size` for it, and has it as `bytes`. */
async function fetchFrom(bytes: Uint8Array, size: number) {
  const [content, store] = [createMemoryStore(), createMemoryStore()]
  const blob = blobOf(bytes)
  await content.write(blob, fromBuffer(bytes))
  const links: Digest[] = []
  const facts = { layer: { diffId, size }, platforms: [] }
  const pending = new PendingLayers(
    {
      store,
      layers: { link: async (id: Digest) => void links.push(id) },
      lease: { hold: async () => {} },
      emit: () => {},
    },
    [
      {
        name: 'the cache',
        content,
        results: new Map([['key', { facts, blob }]]),
        mounts: new Map(),
        mountRoom: { bytes: 0 },
      },
    ],
  )
  const layer = pending.find('key')?.layer ?? undefined
  if (layer === undefined) throw new RangeError('The cache has the result')
  const failure = await pending.fetch([layer]).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  return { failure, loss: pending.takeLoss(), links }
}

test.each([
  ['compressed', new Uint8Array(gzipSync(tar)), 1],
  ['uncompressed', tar, 0],
])(
  'PendingLayers.fetch() takes a %s layer of a cache only with its size',
  async (_, bytes, links) => {
    expect(await fetchFrom(bytes, tar.length)).toMatchObject({
      failure: undefined,
      loss: undefined,
    })
    expect((await fetchFrom(bytes, tar.length)).links).toHaveLength(links)
    for (const size of [tar.length + 1, tar.length - 1, 0, 2 ** 40]) {
      const { failure, loss, links: made } = await fetchFrom(bytes, size)
      expect([size, made]).toEqual([size, []])
      expect(failure).toContain(`the layer ${diffId}`)
      expect(loss).toContain(`the layer ${diffId}`)
    }
  },
)
