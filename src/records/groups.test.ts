import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Descriptor, Digest } from '#oci'
import { ownIdentity } from '#platform'
import { openRecords, type Records } from './records.ts'
import { inputsName } from './tables/cache.ts'
import type { ImageRecord } from './tables/images.ts'

const root = `${tmpdir()}/strake-groups-test-${process.pid}`
mkdirSync(root)
let time = 0
let count = 0
let records: Records
beforeEach(() => {
  records?.close()
  time = 1000
  records = openRecords(`${root}/${count++}.db`, { now: () => time++ })
})
afterAll(() => {
  records.close()
  rmSync(root, { recursive: true })
})

const digest = (prefix: string): Digest => `sha256:${prefix.padEnd(64, '0')}`
const image = (manifest: string, id: string): ImageRecord => ({
  digest: digest(manifest),
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  size: 500,
  imageId: digest(id),
  platform: { os: 'linux', architecture: 'arm', variant: 'v7' },
  createdAt: 1700000000000,
  totalSize: 12345678901,
})

test('images are found by their digest, and by the start of either digest', () => {
  records.images.put(image('aa', '11'))
  records.images.put(image('ab', '12'))
  expect(records.images.get(digest('aa'))).toEqual(image('aa', '11'))
  const found = (prefix: string): string[] =>
    records.images.findByPrefix(prefix).map((each) => each.digest.slice(7, 9))
  expect(found('11')).toEqual(['aa'])
  expect(found('1')).toEqual(['ab', 'aa'])
  expect(found('sha256:ab')).toEqual(['ab'])
  expect(found('f')).toEqual([])
  expect(found("'; DROP TABLE images; --")).toEqual([])
  expect(records.images.remove(digest('aa'))).toBe(true)
  expect(records.images.remove(digest('aa'))).toBe(false)
  expect(records.images.list()).toEqual([{ ...image('ab', '12'), addedAt: expect.any(Number) }])
})

test('layers list the blobs of a compressor, also after they were linked again, until they are unlinked', async () => {
  const made = { compressor: 'press 1', members: Uint8Array.of(1, 2, 3) }
  const [first, second] = ['a', 'b'].map((hex) => ({
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: digest(hex),
    size: 7,
  })) as [Descriptor, Descriptor]
  await records.layers.link(digest('d'), first, 4096, made)
  await records.layers.link(digest('e'), second, 4096)
  expect(records.layers.madeBy('press 1', 9)).toEqual([{ blob: first, members: made.members }])
  await records.layers.link(digest('d'), first, 4096)
  await records.layers.link(digest('e'), second, 4096, made)
  expect(records.layers.madeBy('press 1', 9).length).toBe(2)
  expect(records.layers.madeBy('press 1', 1).length).toBe(1)
  expect(records.layers.madeBy('press 2', 9)).toEqual([])
  records.dropped.add(digest('a'), digest('d'))
  expect(records.layers.madeBy('press 1', 9).map(({ blob }) => blob)).toEqual([second])
  records.layers.unlink(digest('a'))
  records.layers.unlink(digest('b'))
  expect(records.layers.madeBy('press 1', 9)).toEqual([])
})

test('layers link compressed blobs and diff IDs both ways', async () => {
  const gzip = { mediaType: 'gzip', digest: digest('1'), size: 10 }
  const zstd = { mediaType: 'zstd', digest: digest('2'), size: 8 }
  await records.layers.link(digest('d'), gzip, 4096)
  await records.layers.link(digest('d'), zstd, 4096)
  expect(records.layers.tarSizeOf(digest('d'))).toBe(4096)
  expect(records.layers.tarSizeOf(digest('e'))).toBeUndefined()
  expect(records.layers.compressedOf(digest('d'))).toEqual([gzip, zstd])
  expect(records.layers.diffIdOf(digest('2'))).toBe(digest('d'))
  expect(records.layers.diffIdOf(digest('3'))).toBeUndefined()
  expect(records.layers.unlink(digest('1'))).toBe(true)
  expect(records.layers.compressedOf(digest('d'))).toEqual([zstd])
})

test('leases hold until released, expired, or their owner has ended', async () => {
  const lease = await records.leases.acquire({ purpose: 'pull', lifetime: 1_000_000 })
  await lease.hold(digest('1'), digest('2'))
  await lease.hold(digest('2'))
  expect(records.leases.isHeld(digest('1'))).toBe(true)
  expect(records.leases.held()).toEqual(new Set([digest('1'), digest('2')]))
  expect(records.leases.oldest()).toBe(1000)
  await lease.release()
  expect(records.leases.oldest()).toBeUndefined()
  expect(records.leases.held().size).toBe(0)

  const short = await records.leases.acquire({ purpose: 'short', lifetime: 100 })
  await short.hold(digest('3'))
  time += 90
  await short.renew()
  time += 90
  expect(records.leases.isHeld(digest('3'))).toBe(true)
  time += 90
  expect(records.leases.isHeld(digest('3'))).toBe(false)

  for (const change of [{ startTime: '1' }, { bootId: 'another boot' }, { pid: 4_000_000 }]) {
    const owner = { ...ownIdentity(), ...change }
    await (await records.leases.acquire({ purpose: 'dead', owner })).hold(digest('4'))
  }
  expect(records.leases.isHeld(digest('4'))).toBe(false)
  expect(records.leases.held()).toEqual(new Set())
  expect(records.leases.oldest()).toBeUndefined()
  expect(records.leases.list()).toEqual([])
  {
    await using live = await records.leases.acquire({ purpose: 'live' })
    await live.hold(digest('4'))
    expect(records.leases.isHeld(digest('4'))).toBe(true)
    expect(records.leases.held()).toEqual(new Set([digest('4')]))
  }
  // Only the process that cleans up after dead leases removes them.
  const dead = records.leases.dead()
  expect(dead).toHaveLength(4)
  await records.leases.forget(dead)
  expect(records.leases.dead()).toEqual([])
  {
    await using scoped = await records.leases.acquire({ purpose: 'scope' })
    await scoped.hold(digest('5'))
  }
  expect(records.leases.isHeld(digest('5'))).toBe(false)
})

test('leases list the working processes, and an exact lease keeps only what it holds', async () => {
  const exact = await records.leases.acquire({ purpose: 'save app', isExact: true })
  await exact.hold(digest('1'))
  expect(records.leases.oldest()).toBeUndefined()
  expect(records.leases.isHeld(digest('1'))).toBe(true)
  const { pid } = ownIdentity()
  expect(records.leases.list()).toEqual([{ purpose: 'save app', pid, acquiredAt: 1000 }])
  await using _pull = await records.leases.acquire({ purpose: 'pull app' })
  expect(records.leases.list().map(({ purpose }) => purpose)).toEqual(['save app', 'pull app'])
  await exact.release()
})

test('cache stores values, uses and inputs', () => {
  expect(records.cache.get('k')).toBeUndefined()
  records.cache.put('k', { chain: digest('1'), list: [1, null] }, { size: 10 })
  records.cache.put('l', 'text', { size: 20 })
  records.cache.put('m', null, { size: 5 })
  expect(records.cache.get('k')).toEqual({ chain: digest('1'), list: [1, null] })
  expect(records.cache.list().map(({ key }) => key)).toEqual(['l', 'm', 'k'])
  records.cache.putInputs('definition', { files: { 'a.txt': '1' } })
  expect(records.cache.inputsOf('definition')).toEqual({ files: { 'a.txt': '1' } })
  expect(records.cache.inputsOf('other')).toBeUndefined()
  expect(records.cache.prune({ keepBytes: 15 }).map(({ key }) => key)).toEqual(['l'])
  time += 1000
  records.cache.get('m')
  expect(records.cache.prune({ unusedSince: 2000 }).map(({ key }) => key)).toEqual(['k'])
  expect(records.cache.prune()).toMatchObject([{ key: 'm', size: 5 }])
  expect(records.cache.inputsOf('definition')).toBeUndefined()
})

test('cache removes the inputs of a step with its result, and keeps the newest of the others', () => {
  for (const key of ['k', 'l']) {
    records.cache.put(key, null, { size: 10 })
    records.cache.putInputs(inputsName(key), { key })
  }
  records.cache.remove('k')
  expect(records.cache.inputsOf(inputsName('k'))).toBeUndefined()
  expect(records.cache.inputsOf(inputsName('l'))).toEqual({ key: 'l' })
  for (let number = 0; number < 20_001; number++) records.cache.putInputs(`old ${number}`, number)
  records.cache.prune({ unusedSince: 0 })
  expect(records.cache.inputsOf('old 0')).toBeUndefined()
  expect(records.cache.inputsOf('old 1')).toBe(1)
})

test('cache keeps a record that was used at exactly that time, and stores the later of two uses', () => {
  records.cache.put('k', 1, { size: 5 })
  const [{ lastUsedAt } = { lastUsedAt: 0 }] = records.cache.list()
  expect(records.cache.prune({ unusedSince: lastUsedAt })).toEqual([])
  const other = openRecords(`${root}/${count - 1}.db`, { now: () => 9_000_000 })
  records.cache.get('k')
  other.cache.get('k')
  other.close()
  records.cache.flush()
  expect(records.cache.list()).toMatchObject([{ key: 'k', lastUsedAt: 9_000_000 }])
})

test('sources list where a blob was seen, last first', () => {
  records.sources.remember(digest('1'), 'docker.io', 'library/a')
  records.sources.remember(digest('1'), 'ghcr.io', 'b')
  records.sources.remember(digest('1'), 'docker.io', 'library/a')
  expect(records.sources.of(digest('1')).map(({ registry }) => registry)).toEqual([
    'docker.io',
    'ghcr.io',
  ])
  records.sources.forget(digest('1'), 'ghcr.io', 'b')
  expect(records.sources.of(digest('1'))).toHaveLength(1)
})
