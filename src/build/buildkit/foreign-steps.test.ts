import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Descriptor, Digest } from '#oci'
import { addForeignSteps, foreignRecords } from '../cache/foreign-records.ts'
import { formatCacheConfig } from '../cache/format.ts'
import { parseCacheConfig } from '../cache/parse.ts'
import { openWorkshop, type Workshop } from '../testing/fixture.ts'

let workshop: Workshop
beforeAll(async () => {
  workshop = await openWorkshop()
  await workshop.addImage('base', { 'etc/name': 'base' })
})
afterAll(() => workshop[Symbol.asyncDispose]())

const dockerfile = [
  'FROM base AS files',
  'COPY a.txt /a',
  'COPY <<E /inline',
  'text',
  'E',
  'FROM base',
  'WORKDIR /work',
  'COPY --link dir /dir',
  'COPY --from=files /a /inline /from/',
  'COPY --exclude=/x dir /unknown',
  'COPY a.txt /above',
].join('\n')

async function built() {
  const context = await workshop.context('context', {
    Dockerfile: dockerfile,
    'a.txt': 'a',
    'dir/b': 'b',
  })
  return await workshop.build({ context, forBuildkit: 'all' })
}

/** The blobs of all layers, as if nothing were compressed. */
function blobsOf({ foreignSteps }: Awaited<ReturnType<typeof built>>): Map<Digest, Descriptor> {
  const layers = foreignSteps.flatMap((step) => step.layers ?? [])
  return new Map(
    layers.map(({ diffId, descriptor }) => [diffId, { ...descriptor, digest: diffId }]),
  )
}

test('foreignSteps() describes what BuildKit can find, and every layer down to the base', async () => {
  const result = await built()
  const empty = { layers: [], records: [], mounts: [] }
  const config = parseCacheConfig(
    formatCacheConfig(addForeignSteps(empty, result.foreignSteps, blobsOf(result))),
  )
  const graph = foreignRecords(config, blobsOf(result))?.graph
  const chains = config.records.flatMap((_, index) => graph?.results(index) ?? [])
  // Two of the first stage, three of the second, each above the layer of the base.
  expect(chains.map((chain) => chain.length).sort()).toEqual([2, 2, 3, 3, 4])
  const [base] = workshop.images.get('base')?.layers ?? []
  for (const [bottom] of chains) expect(bottom).toBe(base?.diffId)
  // The step whose digest is not known, and the one above it, have no record.
  expect(result.images[0]?.layers).toHaveLength(6)
})

test('addForeignSteps() leaves results out whose layers are not in the cache', async () => {
  const result = await built()
  const blobs = blobsOf(result)
  const [base] = workshop.images.get('base')?.layers ?? []
  if (base !== undefined) blobs.delete(base.diffId)
  const empty = { layers: [], records: [], mounts: [] }
  const { layers, records } = addForeignSteps(empty, result.foreignSteps, blobs)
  expect(layers).toEqual([])
  expect(records.length).toBe(result.foreignSteps.length)
  expect(records.every(({ results }) => results.length === 0)).toBe(true)
})

test('build() describes nothing for BuildKit unless it is asked to', async () => {
  const context = await workshop.context('context', { Dockerfile: 'FROM base', 'a.txt': 'a' })
  expect((await workshop.build({ context })).foreignSteps).toEqual([])
})
