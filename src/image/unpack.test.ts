import { expect, test } from 'bun:test'
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { Arrivals, openDirectoryStore } from '#content'
import { ContentMismatchError, chainIds, type Digest, mediaType, sha256 } from '#oci'
import { mkdtempDisposable, mountsBelow, unmount } from '#platform'
import { openSnapshots, type Snapshotter } from '#snapshot'
import { fromBuffer, type ProgressEvent, toBuffer } from '#stream'
import { createImage } from './create.ts'
import type { ProvedLayers } from './proved-layers.ts'
import { imageOf, layerTar, put, putLayer, withLayer } from './testing/fixture.ts'
import { unpackImage } from './unpack.ts'

const isRoot = process.getuid?.() === 0
const rooted = isRoot ? test : test.skip
let count = 0

async function open(): Promise<{ snapshots: Snapshotter } & AsyncDisposable> {
  const home = `${tmpdir()}/strake-unpack-${process.pid}-${++count}`
  const snapshots = await openSnapshots(`${home}/root`, `${home}/run`)
  return {
    snapshots,
    [Symbol.asyncDispose]: async () => {
      for (const { target } of mountsBelow(home)) unmount(target, { detach: true })
      rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Records which diff ID each blob has. */
function knownLayers(onLink: (diffId: Digest, digest: Digest) => unknown = () => {}): ProvedLayers {
  const known = new Map<Digest, Digest>()
  return {
    diffIdOf: (digest) => known.get(digest),
    link: async (diffId, { digest }) => {
      known.set(digest, diffId)
      onLink(diffId, digest)
    },
  }
}

rooted('unpackImage() makes the filesystem of an image, compressed or not', async () => {
  await using opened = await open()
  const { store, image } = await imageOf([{ etc: null, 'etc/motd': 'one', 'etc/old': 'x' }])
  const zipped = { type: mediaType.ociLayerGzip, change: (tar: Uint8Array) => gzipSync(tar) }
  const second = await putLayer(store, { 'etc/motd': 'two', 'etc/.wh.old': '' }, zipped)
  const packed = {
    type: mediaType.ociLayerZstd,
    change: (tar: Uint8Array) => zstdCompressSync(tar),
  }
  const third = await putLayer(store, { top: '3' }, packed)
  const layers = [...image.layers, second, third]
  const whole = await createImage(store, { config: image.config, layers })
  const links: string[] = []
  const chain = await unpackImage(whole, store, opened.snapshots, {
    layers: knownLayers((diffId, digest) => links.push(`${diffId} ${digest}`)),
  })
  expect(chain).toBe(chainIds(layers.map(({ diffId }) => diffId)).at(-1) ?? null)
  if (chain === null) throw new TypeError('three layers')
  await using view = await opened.snapshots.view(chain)
  expect(readFileSync(`${view.root}/etc/motd`, 'utf8')).toBe('two')
  expect(readFileSync(`${view.root}/top`, 'utf8')).toBe('3')
  expect(existsSync(`${view.root}/etc/old`)).toBe(false)
  expect(links).toEqual(layers.map(({ diffId, descriptor }) => `${diffId} ${descriptor.digest}`))
})

rooted('unpackImage() reads only the missing layers', async () => {
  await using opened = await open()
  const { store, image } = await imageOf([{ a: '1' }])
  const layers = knownLayers()
  await unpackImage(image, store, opened.snapshots, { layers })
  const more = await withLayer(store, image, await putLayer(store, { b: '2' }))
  for (const { descriptor } of image.layers) await store.delete(descriptor)
  const events: ProgressEvent[] = []
  const emit = (event: ProgressEvent): unknown => events.push(event)
  await unpackImage(more, store, opened.snapshots, { layers, emit })
  const top = more.layers.at(-1)?.descriptor
  expect(events.at(-1)).toEqual({
    type: 'transfer',
    id: top?.digest ?? '',
    action: 'unpack',
    current: top?.size ?? 0,
    total: top?.size ?? 0,
    done: true,
  })
  await unpackImage(more, store, opened.snapshots, { layers, emit: () => expect.unreachable() })
})

rooted('unpackImage() does not reuse a snapshot for a blob with an unproved diff ID', async () => {
  await using opened = await open()
  const { store, image } = await imageOf([])
  const change = (tar: Uint8Array): Uint8Array => gzipSync(tar)
  const zipped = { type: mediaType.ociLayerGzip, change }
  const victims = [
    await putLayer(store, { a: 'victim' }, zipped),
    await putLayer(store, { b: 'victim' }, zipped),
  ]
  const layers = knownLayers()
  const victim = await createImage(store, { config: image.config, layers: victims })
  await unpackImage(victim, store, opened.snapshots, { layers })
  const { descriptor } = await putLayer(store, { a: 'evil' }, zipped)
  const [first, second] = victims
  if (first === undefined || second === undefined) throw new RangeError('two layers')
  const lies = [
    // The whole chain exists.
    [{ ...first, descriptor }],
    [first, { ...second, descriptor }],
    [{ ...first, descriptor }, second],
    // Only the archive exists, in another chain.
    [{ ...second, descriptor }],
  ]
  for (const each of lies) {
    const evil = await createImage(store, { config: image.config, layers: each })
    const unpacking = unpackImage(evil, store, opened.snapshots, { layers })
    await expect(unpacking).rejects.toBeInstanceOf(ContentMismatchError)
    expect(layers.diffIdOf(descriptor.digest)).toBeUndefined()
  }
})

rooted(
  'unpackImage() reuses a snapshot for other bytes of the same layer after reading them',
  async () => {
    await using opened = await open()
    const { store, image } = await imageOf([])
    const files = { a: 'same' }
    const gzip = await putLayer(store, files, {
      type: mediaType.ociLayerGzip,
      change: (tar) => gzipSync(tar),
    })
    const zstd = await putLayer(store, files, {
      type: mediaType.ociLayerZstd,
      change: (tar) => zstdCompressSync(tar),
    })
    const links: Digest[] = []
    const layers = knownLayers((_, digest) => links.push(digest))
    for (const layer of [gzip, zstd, gzip, zstd]) {
      const other = await createImage(store, { config: image.config, layers: [layer] })
      expect(await unpackImage(other, store, opened.snapshots, { layers })).toBe(layer.diffId)
    }
    expect(links).toEqual([gzip.descriptor.digest, zstd.descriptor.digest])
  },
)

rooted('unpackImage() refuses swapped or wrong layers, and keeps nothing', async () => {
  await using opened = await open()
  const { store, image } = await imageOf([])
  const [one, two] = [await putLayer(store, { a: '1' }), await putLayer(store, { b: '2' })]
  const zipped = gzipSync(await layerTar({ evil: 'yes' }))
  const evil = await put(store, mediaType.ociLayerGzip, zipped)
  for (const layers of [
    [
      { ...one, descriptor: two.descriptor },
      { ...two, descriptor: one.descriptor },
    ],
    [{ descriptor: evil, diffId: one.diffId }],
    [{ descriptor: evil, diffId: evil.digest }],
  ]) {
    const swapped = await createImage(store, { config: image.config, layers })
    const unpacking = unpackImage(swapped, store, opened.snapshots)
    await expect(unpacking).rejects.toThrow()
    expect(await Array.fromAsync(opened.snapshots.list())).toEqual([])
  }
})

rooted('unpackImage() refuses a layer with other data behind its archive', async () => {
  await using opened = await open()
  const { store, image } = await imageOf([])
  const tar = await layerTar({ a: '1' })
  const longer = new Uint8Array([...tar, ...new Uint8Array(512).fill(7)])
  const layer = {
    descriptor: await put(store, mediaType.ociLayerGzip, gzipSync(longer)),
    diffId: sha256(tar),
  }
  const lying = await createImage(store, { config: image.config, layers: [layer] })
  await expect(unpackImage(lying, store, opened.snapshots)).rejects.toThrow()
})

rooted(
  'unpackImage() reads a layer while it is received, and links it when it is complete',
  async () => {
    await using opened = await open()
    const { store, image } = await imageOf([])
    const change = (tar: Uint8Array): Uint8Array => gzipSync(tar)
    const layer = await putLayer(store, { a: '1' }, { type: mediaType.ociLayerGzip, change })
    const coming = await createImage(store, { config: image.config, layers: [layer] })
    const bytes = await toBuffer(store.read(layer.descriptor), 1_000_000, 'layer')
    await store.delete(layer.descriptor)
    const events: string[] = []
    const untilUnpacked = async (): Promise<void> => {
      while (!(await opened.snapshots.has(layer.diffId))) await new Promise((r) => setTimeout(r, 5))
      events.push('unpacked')
    }
    const arrivals = new Arrivals()
    arrivals.begin(layer.descriptor.digest, () => fromBuffer(bytes))
    untilUnpacked().then(() => arrivals.end(layer.descriptor.digest))
    const chain = await unpackImage(coming, store, opened.snapshots, {
      arrivals,
      layers: knownLayers(() => events.push('linked')),
      emit: (event) => event.type === 'transfer' && events.push(event.done ? 'done' : 'moved'),
    })
    expect(chain).toBe(layer.diffId)
    expect(events).toEqual(['unpacked', 'done', 'linked'])
  },
)

rooted('unpackImage() throws the error of the download for a damaged layer', async () => {
  await using opened = await open()
  const { store, image } = await imageOf([])
  const layer = await putLayer(store, { a: '1' })
  const whole = await createImage(store, { config: image.config, layers: [layer] })
  const arrivals = new Arrivals()
  const receiving = new AbortController()
  arrivals.begin(layer.descriptor.digest, async function* () {
    try {
      yield new Uint8Array(1024).fill(7)
    } finally {
      receiving.abort(new Error('connection reset'))
    }
  })
  const { signal } = receiving
  const unpacking = unpackImage(whole, store, opened.snapshots, { arrivals, signal })
  await expect(unpacking).rejects.toThrow('connection reset')
  expect(await Array.fromAsync(opened.snapshots.list())).toEqual([])
})

test('unpackImage() of an image without layers makes no filesystem', async () => {
  await using opened = await open()
  const { store, image } = await imageOf([])
  expect(await unpackImage(image, store, opened.snapshots)).toBeNull()
})

rooted('unpackImage() makes a chain again that a concurrent collection removed', async () => {
  await using opened = await open()
  const { snapshots } = opened
  const { store, image } = await imageOf([{ a: '1' }, { b: '2' }])
  let removed = 0
  const collected: Pick<Snapshotter, 'has' | 'importLayer'> = {
    has: (chainId) => snapshots.has(chainId),
    async importLayer(parent, layer, options) {
      if (parent !== null && removed++ === 0) await snapshots.remove(parent)
      return await snapshots.importLayer(parent, layer, options)
    },
  }
  const chain = await unpackImage(image, store, collected)
  expect(removed).toBeGreaterThan(1)
  if (chain === null) throw new TypeError('two layers')
  await using view = await snapshots.view(chain)
  expect(readFileSync(`${view.root}/a`, 'utf8')).toBe('1')
})

rooted('unpackImage() sets a damaged blob aside, so that a pull fetches it again', async () => {
  await using home = await mkdtempDisposable(tmpdir(), 'strake-unpack-')
  const store = await openDirectoryStore(`${home.path}/content`)
  const { image } = await imageOf([])
  const layer = await putLayer(
    store,
    { a: 'x'.repeat(9000) },
    { type: mediaType.ociLayerGzip, change: (tar) => gzipSync(tar) },
  )
  const path = store.pathOf(layer.descriptor.digest)
  chmodSync(path, 0o600)
  const bytes = readFileSync(path)
  bytes[bytes.length - 7] = 255 - (bytes[bytes.length - 7] ?? 0)
  writeFileSync(path, bytes)
  await using opened = await open()
  const unpacking = unpackImage({ ...image, layers: [layer] }, store, opened.snapshots)
  expect(await unpacking.catch(String)).toContain('Cannot accept what is stored')
  expect(await store.has(layer.descriptor)).toBe(false)
})
