import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type CachedManifest,
  listCached,
  scheduleTrim,
  type TrimOptions,
  type TrimReport,
  trimCache,
} from '#registry'
import { fromBuffer } from '#stream'
import { blob, type Fixture, index, manifest } from '../registry/testing/fixtures.ts'
import { collectedOf, openStoredRegistry } from './registry.ts'

const hour = 3_600_000
const start = 1_000 * hour

/** An image with a config of its own; `layers` may be those of another one. */
function image(seed: string, layers = [blob(`layer of ${seed} `.repeat(1000))]) {
  const config = blob(`config of ${seed}`)
  const target = manifest({
    layers: layers.map(({ descriptor }) => descriptor),
    config: config.descriptor,
  })
  return { all: [...layers, config, target], target }
}

/** A registry with content that was written now, and a clock that is ahead. */
async function openRig() {
  const root = await mkdtemp(join(tmpdir(), 'strake-trim-'))
  const served = await openStoredRegistry(root)
  const { registry, facts } = served
  const cache = { ...collectedOf(served), registry }
  const fill = async (repository: string, tag: string, content: readonly Fixture[]) => {
    const own = registry.repository(repository)
    for (const { descriptor, raw } of content) await own.write(descriptor, fromBuffer(raw))
    const last = content.at(-1)
    if (last !== undefined) await own.tag(tag, last.descriptor)
  }
  const pull = (repository: string, { descriptor }: Fixture, ago: number) =>
    facts.ledger.notePulls([
      { repository, digest: descriptor.digest, at: Date.now() + start - ago },
    ])
  const trim = async (options: Partial<TrimOptions>) => {
    const removed: CachedManifest[] = []
    const report = await trimCache(cache, {
      prefixes: ['docker.io'],
      now: () => Date.now() + start,
      onRemoved: (each) => removed.push(each),
      ...options,
    })
    return { report, removed: removed.map(({ digest }) => digest) }
  }
  const bytes = async () => (await facts.ledger.usage('docker.io')).bytes
  return {
    ...{ served, cache, registry, fill, pull, trim, bytes },
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]()
      await rm(root, { recursive: true })
    },
  }
}

test('trimCache() removes what was pulled longest ago, and its blobs, and frees the disk', async () => {
  await using rig = await openRig()
  const [one, two, three] = [image('one'), image('two'), image('three')]
  await rig.fill('docker.io/library/app', '1', one.all)
  await rig.fill('docker.io/library/app', '2', two.all)
  await rig.fill('docker.io/other/app', '3', three.all)
  await rig.fill('team/app', '1', one.all)
  await rig.pull('docker.io/library/app', one.target, 2 * hour)
  await rig.pull('docker.io/library/app', two.target, 5 * hour)
  await rig.pull('docker.io/other/app', three.target, 4 * hour)
  const before = await rig.bytes()
  expect((await rig.trim({ maxSize: before })).removed).toEqual([])
  const { report, removed } = await rig.trim({ maxSize: before - 1 })
  expect(removed).toEqual([two.target.descriptor.digest])
  expect(report).toMatchObject({ manifests: 1, blobs: 2 })
  expect(await rig.bytes()).toBe(before - report.bytes)
  for (const { descriptor } of two.all) expect(await rig.served.blobs.has(descriptor)).toBe(false)
  const rest = await rig.trim({ maxSize: 0 })
  expect(rest.removed).toEqual([three, one].map(({ target }) => target.descriptor.digest))
  expect(await rig.bytes()).toBe(0)
  // A pushed repository is no cache, and keeps what it shares with one.
  const pushed = rig.registry.repository('team/app')
  for (const { descriptor } of one.all) {
    expect(await rig.served.blobs.has(descriptor)).toBe(true)
    expect(await pushed.has(descriptor)).toBe(true)
  }
})

test('trimCache() keeps blobs that another manifest of the repository names', async () => {
  await using rig = await openRig()
  const shared = blob('shared '.repeat(1000))
  const [one, two] = [image('one', [shared]), image('two', [shared])]
  for (const each of [one, two]) await rig.fill('docker.io/library/app', 'latest', each.all)
  await rig.pull('docker.io/library/app', two.target, 2 * hour)
  await rig.pull('docker.io/library/app', one.target, 3 * hour)
  const { removed } = await rig.trim({ maxSize: (await rig.bytes()) - 1 })
  expect(removed).toEqual([one.target.descriptor.digest])
  const app = rig.registry.repository('docker.io/library/app')
  for (const { descriptor } of two.all) expect(await app.has(descriptor)).toBe(true)
})

test('trimCache() keeps what is pinned, with the platforms of an index, and what is in use', async () => {
  await using rig = await openRig()
  const [platform, used, other] = [image('platform'), image('used'), image('other')]
  const both = index([platform.target.descriptor])
  const app = 'docker.io/library/app'
  await rig.fill(app, 'v1', [...platform.all, both])
  await rig.fill(app, 'used', used.all)
  await rig.fill(app, 'other', other.all)
  await rig.pull(app, used.target, hour / 10)
  const pins = (_name: string, tag: string) => (tag === 'v1' ? 'tags v* are fixed' : undefined)
  expect((await rig.trim({ maxSize: 0, pins })).removed).toEqual([other.target.descriptor.digest])
  const left = await Array.fromAsync(listCached(rig.cache, ['docker.io'], pins))
  expect(left.map(({ tags, pinnedBy }) => [tags.join(), pinnedBy]).toSorted()).toEqual([
    ['', 'tags v* are fixed'],
    ['used', undefined],
    ['v1', 'tags v* are fixed'],
  ])
})

test('trimCache() removes by the time of the last pull, and only says so when it is asked to', async () => {
  await using rig = await openRig()
  const [one, two] = [image('one'), image('two')]
  await rig.fill('docker.io/library/app', '1', one.all)
  await rig.fill('docker.io/library/app', '2', two.all)
  await rig.pull('docker.io/library/app', one.target, 2 * hour)
  const unusedSince = Date.now() + start - 3 * hour
  const dry = await rig.trim({ unusedSince, dryRun: true })
  expect(dry.removed).toEqual([two.target.descriptor.digest])
  expect(await rig.registry.repository('docker.io/library/app').has(two.target.descriptor)).toBe(
    true,
  )
  expect((await rig.trim({ unusedSince })).removed).toEqual(dry.removed)
  expect((await rig.trim({ unusedSince })).removed).toEqual([])
})

test('scheduleTrim() trims a cache that is too large to nine tenths of its size', async () => {
  await using rig = await openRig()
  const images = ['one', 'two', 'three'].map((seed) => image(seed))
  for (const [index, { all, target }] of images.entries()) {
    await rig.fill('docker.io/library/app', String(index), all)
    await rig.pull('docker.io/library/app', target, (index + 1) * hour)
  }
  const before = await rig.bytes()
  const trimmed = Promise.withResolvers<TrimReport>()
  const limits = { prefixes: ['docker.io'], maxSize: before - 1, interval: 1 }
  await using _trimming = scheduleTrim(
    rig.cache,
    { ...limits, now: () => Date.now() + start },
    { onTrimmed: trimmed.resolve, onError: trimmed.reject },
  )
  expect(await trimmed.promise).toMatchObject({ manifests: 1, blobs: 2 })
  expect(await rig.bytes()).toBeLessThanOrEqual((before - 1) * 0.9)
})
