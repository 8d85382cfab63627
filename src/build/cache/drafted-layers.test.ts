import { expect, test } from 'bun:test'
import { readdir } from 'node:fs/promises'
import type { ContentSource } from '#content'
import type { Digest } from '#oci'
import { knownResults } from '../cache/known-results.ts'
import { fixtureTime, openWorkshop, type Workshop } from '../testing/fixture.ts'
import { collectSteps, type PortableStep } from './format.ts'
import type { CacheSource } from './source.ts'

const dockerfile = 'FROM base\nWORKDIR /app\nCOPY . .\n'
const onlyCopy = 'FROM base\nCOPY . /app/\n'

/** More than what is read without writing the layer. */
const files = { 'large.bin': Buffer.alloc(6_000_000, 'large'), 'small.txt': 'small' }

/** A cache of another machine, and the layers that were read in it. */
interface RecordedCache {
  readonly source: CacheSource
  readonly reads: Digest[]
}

interface ContextOptions {
  readonly text?: string
  readonly mtime?: number
}

async function contextOf(
  workshop: Workshop,
  name: string,
  { text = dockerfile, mtime }: ContextOptions = {},
): Promise<string> {
  return await workshop.context(name, { ...files, Dockerfile: text }, mtime)
}

/** Builds on a machine, and returns its results as a cache. `hasLayers` is false for names alone. */
async function cacheOf(
  workshop: Workshop,
  { hasLayers = true, text }: ContextOptions & { readonly hasLayers?: boolean } = {},
): Promise<RecordedCache> {
  await workshop.addImage('base', { 'etc/motd': 'hello' })
  const { steps } = await workshop.build({
    context: await contextOf(workshop, 'context', text === undefined ? {} : { text }),
  })
  const portable = steps.flatMap(({ keys, layer, platforms }): PortableStep[] => {
    if (layer === null) return []
    const { diffId, descriptor, epoch, isAdditive } = layer
    const facts = { layer: { diffId, size: descriptor.size, epoch, isAdditive }, platforms }
    return keys.map((key) => ({ key, facts, blob: hasLayers ? descriptor : undefined }))
  })
  const blobs = new Map(
    steps.flatMap(({ layer }) => layer?.descriptor ?? []).map((each) => [each.digest, each]),
  )
  const reads: Digest[] = []
  const content: ContentSource = {
    has: (target) => workshop.store.has(target),
    read(target, options) {
      reads.push(target.digest)
      return workshop.store.read(target, options)
    },
  }
  const results = knownResults(collectSteps(portable), blobs)
  const mountRoom = { bytes: 0 }
  return { source: { name: 'the cache', results, mounts: new Map(), mountRoom, content }, reads }
}

test('a build does not fetch a layer of a cache that it wrote to find it there', async () => {
  await using first = await openWorkshop()
  await using second = await openWorkshop()
  const { source, reads } = await cacheOf(first)
  await second.addImage('base', { 'etc/motd': 'hello' })
  const context = await contextOf(second, 'elsewhere')
  const { layers } = await second.build({ context, cacheSources: Promise.resolve([source]) })
  expect(second.stateOf('COPY')).toBe('cached')
  const [workdir, copied] = layers.slice(-2)
  // The layer of WORKDIR, which nobody wrote here.
  expect(reads).toEqual(workdir === undefined ? [] : [workdir.diffId])
  for (const layer of layers) expect(await second.store.has(layer.descriptor)).toBe(true)
  expect(await second.list(layers.at(-1) ?? fail())).toMatchObject({
    'app/small.txt': 'file 644 0:0 "small"',
  })
  // A later build finds the layer in the store.
  const again = await second.build({ context })
  expect(again.layers.at(-1)?.diffId).toBe(copied?.diffId ?? fail())
  expect(second.stateOf('COPY')).toBe('cached')
})

test('a build fetches a layer of a cache that differs from what it wrote', async () => {
  await using first = await openWorkshop()
  await using second = await openWorkshop()
  const { source, reads } = await cacheOf(first)
  await second.addImage('base', { 'etc/motd': 'hello' })
  const context = await contextOf(second, 'elsewhere', { mtime: fixtureTime + 60 })
  const { layers } = await second.build({ context, cacheSources: Promise.resolve([source]) })
  expect(second.stateOf('COPY')).toBe('cached')
  expect(reads).toHaveLength(2)
  expect(await readdir(`${second.path}/root/ingest`)).toEqual([])
  expect(layers).toHaveLength(3)
})

test('a build uses a result of which a cache has only the name, if it wrote the layer', async () => {
  await using first = await openWorkshop()
  await using second = await openWorkshop()
  const { source, reads } = await cacheOf(first, { hasLayers: false, text: onlyCopy })
  await second.addImage('base', { 'etc/motd': 'hello' })
  const context = await contextOf(second, 'elsewhere', { text: onlyCopy })
  const { layers } = await second.build({ context, cacheSources: Promise.resolve([source]) })
  expect(second.stateOf('COPY')).toBe('cached')
  expect(reads).toEqual([])
  expect(await second.store.has(layers.at(-1)?.descriptor ?? fail())).toBe(true)
})

test('a build runs steps again that a cache only names, also below a COPY that looks into them', async () => {
  await using first = await openWorkshop()
  await using second = await openWorkshop()
  const { source } = await cacheOf(first, { hasLayers: false })
  await second.addImage('base', { 'etc/motd': 'hello' })
  const context = await contextOf(second, 'elsewhere')
  const { layers } = await second.build({ context, cacheSources: Promise.resolve([source]) })
  expect(second.stateOf('WORKDIR')).toBe('done')
  for (const layer of layers) expect(await second.store.has(layer.descriptor)).toBe(true)
})

test('a build removes a layer that it wrote and does not need', async () => {
  await using first = await openWorkshop()
  await using second = await openWorkshop()
  const { source } = await cacheOf(first)
  await second.addImage('base', { 'etc/motd': 'hello' })
  const context = await contextOf(second, 'elsewhere')
  const { steps } = await second.build({
    context,
    cacheSources: Promise.resolve([source]),
    keepsResult: false,
  })
  expect(second.stateOf('COPY')).toBe('cached')
  const copied = steps.at(-1)?.layer ?? fail()
  expect(await second.store.has(copied.descriptor)).toBe(false)
  expect(await readdir(`${second.path}/root/ingest`)).toEqual([])
})

function fail(): never {
  throw new RangeError('The build has such a layer')
}
