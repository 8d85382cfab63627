import { describe, expect, test } from 'bun:test'
import { readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createImage, type Image } from '#image'
import { mediaType, parseImageName, sha256 } from '#oci'
import { createMemoryRegistry, createRegistryHandler } from '#registry'
import { fromBuffer, toBuffer } from '#stream'
import { packTar } from '#tar'
import { save } from '../archive/save.ts'
import { removeImage } from '../collect/remove.ts'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { pull } from '../image/pull.ts'
import { recordImage } from '../image/record-image.ts'
import { push } from '../push/push.ts'
import {
  addTestImage,
  blobsOf,
  cannotContain,
  openTestEngine,
  type TestEngine,
} from '../testing/fixture.ts'
import { diskUsage } from '../usage/disk-usage.ts'
import { checkStore } from './check.ts'
import { dropCompressed } from './drop-compressed.ts'
import { pruneSystem } from './prune.ts'

const name = 'localhost:1/app:1'

interface Pair extends AsyncDisposable {
  /** The store that pushed the image. */
  readonly from: TestEngine
  /** The store that pulled it. */
  readonly to: TestEngine
  /** Blobs that were fetched. */
  readonly fetched: string[]
  /** Makes the registry unreachable. */
  end(): void
}

async function openPair(
  add: (engine: TestEngine) => Promise<unknown>,
  env: Readonly<Record<string, string>> = {},
): Promise<Pair> {
  const fetched: string[] = []
  const handle = createRegistryHandler(createMemoryRegistry())
  let hasEnded = false
  const fetch = async (request: Request): Promise<Response> => {
    if (hasEnded) return new Response('gone', { status: 404 })
    const { pathname } = new URL(request.url)
    if (request.method === 'GET' && pathname.includes('/blobs/')) fetched.push(pathname)
    return await handle(request)
  }
  const [from, to] = [await openTestEngine({ fetch }), await openTestEngine({ fetch, env })]
  await add(from)
  await push(from, name)
  await pull(to, name)
  fetched.length = 0
  return {
    from,
    to,
    fetched,
    end: () => {
      hasEnded = true
    },
    [Symbol.asyncDispose]: async () => {
      await from[Symbol.asyncDispose]()
      await to[Symbol.asyncDispose]()
    },
  }
}

const own = (engine: TestEngine): Promise<Image> => addTestImage(engine, { names: [name] })

/** Adds an image with a layer that strake would compress to other bytes. */
async function foreign(engine: TestEngine): Promise<void> {
  const tar = await packTar([{ path: 'file', body: Buffer.alloc(100_000, 'foreign') }])
  const blob = gzipSync(tar, { level: 9 })
  const descriptor = { mediaType: mediaType.ociLayerGzip, digest: sha256(blob), size: blob.length }
  await engine.content.write(descriptor, fromBuffer(blob))
  const config = { architecture: 'amd64', os: 'linux', created: '2024-01-02T03:04:05Z' }
  const layers = [{ descriptor, diffId: sha256(tar) }]
  const image = await createImage(engine.content, { config, layers })
  await recordImage(engine, image, { names: [parseImageName(name)], by: 'test' })
}

const problems = async (engine: TestEngine, repair = false): Promise<readonly string[]> =>
  (await Array.fromAsync(checkStore(engine, { repair })))
    .filter(({ state }) => state !== 'leftover')
    .map(({ subject, problem }) => `${subject}: ${problem}`)

const published = ({ root }: TestEngine): number =>
  JSON.parse(readFileSync(`${root}/index.json`, 'utf8')).manifests.length

const layerOf = async (engine: TestEngine): Promise<Image['layers'][number]> => {
  const [record] = engine.records.images.list()
  const [layer] = record === undefined ? [] : (await engine.openImage(record)).layers
  if (layer === undefined) throw new Error('there is no layer')
  return layer
}

describe.skipIf(cannotContain !== undefined)('dropCompressed()', () => {
  test('deletes layers that strake can reproduce; a reader gets them without a fetch', async () => {
    await using pair = await openPair(own)
    const { to } = pair
    const before = await blobsOf(to)
    const { descriptor } = await layerOf(to)
    expect(await dropCompressed(to)).toBe(descriptor.size)
    expect(await blobsOf(to)).toEqual(before.filter((digest) => digest !== descriptor.digest))
    expect([published(to), await problems(to)]).toEqual([0, []])
    expect(await pull(to, name)).toMatchObject({ upToDate: true })
    await save(to, [name], { file: join(to.directory, 'saved.tar') })
    expect([await blobsOf(to), published(to), pair.fetched]).toEqual([before, 2, []])
  })

  test('is part of a prune, and disk usage shows what it would free', async () => {
    await using pair = await openPair(own)
    const { size } = (await layerOf(pair.to)).descriptor
    const row = async (): Promise<unknown> =>
      (await diskUsage(pair.to)).find(({ type }) => type === 'Compressed layers')
    expect(await row()).toMatchObject({ count: 1, size, reclaimable: size })
    expect((await pruneSystem(pair.to, {})).reclaimed).toBe(size)
    expect(await row()).toBeUndefined()
  })

  test('removes records of dropped layers whose archive is gone', async () => {
    await using pair = await openPair(own)
    await dropCompressed(pair.to)
    expect(pair.to.records.dropped.list()).toHaveLength(1)
    await removeImage(pair.to, name)
    await pruneSystem(pair.to, {})
    expect([await blobsOf(pair.to), pair.to.records.dropped.list()]).toEqual([[], []])
  })

  test('keeps layers that it cannot reproduce, unless the setting is never', async () => {
    await using careful = await openPair(foreign)
    expect(await dropCompressed(careful.to)).toBe(0)
    await using bold = await openPair(foreign, { STRAKE_KEEP_COMPRESSED: 'never' })
    const { descriptor } = await layerOf(bold.to)
    expect(await dropCompressed(bold.to)).toBe(descriptor.size)
    const bytes = await toBuffer(bold.to.content.read(descriptor), descriptor.size)
    expect([sha256(bytes), bold.fetched.length]).toEqual([descriptor.digest, 1])
  })

  test('keeps everything with the setting always, and layers that no registry is known to have', async () => {
    await using pair = await openPair(own, { STRAKE_KEEP_COMPRESSED: 'always' })
    expect(await dropCompressed(pair.to)).toBe(0)
    const { digest } = (await layerOf(pair.to)).descriptor
    for (const { registry, repository } of pair.to.records.sources.of(digest)) {
      pair.to.records.sources.forget(digest, registry, repository)
    }
    expect(await dropCompressed({ ...pair.to, env: {} })).toBe(0)
  })

  test('keeps everything while a lease exists', async () => {
    await using pair = await openPair(own)
    const before = await blobsOf(pair.to)
    await using _lease = await pair.to.records.leases.acquire({ purpose: 'test' })
    expect(await dropCompressed(pair.to)).toBe(0)
    expect([await blobsOf(pair.to), pair.to.records.dropped.list()]).toEqual([before, []])
  })

  test('a reader gets the reason when neither archive nor registry restores a layer', async () => {
    await using pair = await openPair(foreign, { STRAKE_KEEP_COMPRESSED: 'never' })
    await dropCompressed(pair.to)
    pair.end()
    const saving = save(pair.to, [name], { file: join(pair.to.directory, 'saved.tar') })
    expect(await saving.then(() => 'saved', String)).toMatch(
      /Cannot read sha256:\w+: it was dropped to save space, and Cannot .*/,
    )
  })

  test('a damaged archive is repaired from the registry', async () => {
    await using pair = await openPair(foreign, { STRAKE_KEEP_COMPRESSED: 'never' })
    await dropCompressed(pair.to)
    const { diffId } = await layerOf(pair.to)
    rmSync(`${pair.to.root}/layers/${diffId.slice(7)}/layer.tar`)
    expect(await problems(pair.to, true)).not.toEqual([])
    expect(await problems(pair.to)).toEqual([])
  })
})

describe.skipIf(cannotContain !== undefined)('restoreBlob()', () => {
  test('restores an absent compressed layer from its archive', async () => {
    await using pair = await openPair(own)
    pair.end()
    const before = await blobsOf(pair.to)
    const { descriptor } = await layerOf(pair.to)
    rmSync(pair.to.content.pathOf(descriptor.digest))
    expect(await problems(pair.to, true)).toHaveLength(1)
    expect([await blobsOf(pair.to), await problems(pair.to)]).toEqual([before, []])
  })

  test('links the file of an archive as a blob again', async () => {
    await using engine = await openTestEngine()
    const image = await addTestImage(engine, { names: ['app'] })
    await ensureUnpacked(engine, image)
    const before = await blobsOf(engine)
    const path = engine.content.pathOf(image.layers[0]?.diffId ?? 'sha256:')
    rmSync(path)
    expect(await problems(engine, true)).toHaveLength(1)
    expect([await blobsOf(engine), await problems(engine)]).toEqual([before, []])
    expect(statSync(path).nlink).toBe(2)
  })
})
