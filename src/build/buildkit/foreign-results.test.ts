import { expect, test } from 'bun:test'
import { type Descriptor, type Digest, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { foreignRecords } from '../cache/foreign-records.ts'
import type { CacheConfig, CacheRecord } from '../cache/model.ts'
import type { CacheSource } from '../cache/source.ts'
import { createVertex, type RunOp } from '../model/graph.ts'
import { stateOf } from '../model/state.ts'
import { Operations } from './describe.ts'
import { ForeignResults } from './foreign-results.ts'
import { mountSelector } from './operation.ts'

const platform = { os: 'linux', architecture: 'amd64' }
const [manifest, below, made] = [sha256('manifest'), sha256('below'), sha256('made')]
const image = createVertex({ kind: 'image', manifest, platform }, [], { name: 'FROM' })
const op: RunOp = {
  kind: 'run',
  argv: ['true'],
  env: [],
  cwd: '/',
  user: '',
  network: 'default',
}
const run = createVertex(op, [image], { name: 'RUN' })
const descriptor = { mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: below, size: 1 }
const base = {
  descriptor: { ...descriptor, digest: manifest },
  config: { ...platform, rootfs: { type: 'layers', diff_ids: [below] } },
  layers: [{ descriptor, diffId: below }],
} as const
const images = new Map([[manifest, base]])

/** A cache as BuildKit writes it: an image, a command on it, and the layers of both. */
function cacheOf(change: Partial<{ selector: Digest; parent: number; strake: boolean }> = {}) {
  const operations = new Operations(images)
  const [source] = operations.of(image)
  const [command] = operations.of(run)
  const selector = change.selector ?? mountSelector(['/'])
  const records: CacheRecord[] = [
    { digest: source?.digest ?? '', results: [], chains: [], inputs: [] },
    {
      digest: command?.digest ?? '',
      results: [1],
      chains: [],
      inputs: [[{ record: 0, selector }]],
      ...(change.strake && { step: { layer: null, platforms: [] } }),
    },
  ]
  const blob = (digest: Digest): Descriptor => ({ ...descriptor, digest })
  const config: CacheConfig = {
    layers: [
      { blob: below, parent: -1 },
      { blob: made, parent: change.parent ?? 0 },
    ],
    records,
    mounts: [],
  }
  const blobs = new Map([below, made].map((digest) => [digest, blob(digest)]))
  return foreignRecords(config, blobs)
}

async function find(foreign: CacheSource['foreign']) {
  const source: CacheSource = {
    name: 'cache',
    results: new Map(),
    mounts: new Map(),
    foreign,
    mountRoom: { bytes: 0 },
    content: { has: async () => true, read: () => fromBuffer(new Uint8Array()) },
  }
  const found = new ForeignResults({
    sources: [source],
    images,
    contexts: new Map(),
    materials: new Map(),
    pending: {
      use: (_, { facts }) => ({
        layer: facts.layer && { ...facts.layer, descriptor },
      }),
    },
  })
  return await found.find(run, [stateOf(base.layers)])
}

test('ForeignResults finds a step by its operation, its inputs and the layers below', async () => {
  expect(await find(cacheOf())).toMatchObject({ layer: { diffId: made, size: 1 } })
})

test('ForeignResults does not find a step with other inputs or other layers below', async () => {
  expect(await find(cacheOf({ selector: sha256('other') }))).toBeUndefined()
  expect(await find(cacheOf({ parent: -1 }))).toBeUndefined()
  expect(cacheOf({ strake: true })).toBeUndefined()
  const others = new Map([[manifest, { ...base, layers: [] }]])
  expect(new Operations(others).of(image)).toHaveLength(1)
})
