import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { type Descriptor, isStrakeError, parseDigest } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import type { Registry, Repository } from '../registry.ts'
import { blob, chunked, emptyConfig, index, manifest, noise, untouchable } from './fixtures.ts'

export type OpenRegistry = () => Promise<{ readonly registry: Registry } & AsyncDisposable>

const max = 64 * 1024 * 1024

/** The contract of every registry: memory, a directory, or a client. */
export function testRegistry(name: string, open: OpenRegistry): void {
  const withRepository = async (
    work: (repository: Repository, registry: Registry) => Promise<void>,
  ): Promise<void> => {
    await using opened = await open()
    await work(opened.registry.repository('team/app'), opened.registry)
  }
  describe(name, () => {
    testBlobs(withRepository)
    testMembership(withRepository)
    testIngests(withRepository)
    testManifests(withRepository)
    testLists(withRepository)
  })
}

type With = (work: (repository: Repository, registry: Registry) => Promise<void>) => Promise<void>

function testBlobs(withRepository: With): void {
  test('read() returns the bytes of write()', () =>
    withRepository(async (repository) => {
      const { raw, descriptor } = blob(noise(3_000_001))
      expect(await repository.has(descriptor)).toBe(false)
      await repository.write(descriptor, chunked(raw))
      expect(await repository.has(descriptor)).toBe(true)
      expect(await toBuffer(repository.read(descriptor), max)).toEqual(raw)
      expect(await repository.resolveBlob(descriptor.digest)).toEqual(descriptor)
    }))

  test('write() accepts an empty blob and a sha512 digest', () =>
    withRepository(async (repository) => {
      const empty = blob('')
      await repository.write(empty.descriptor, fromBuffer(empty.raw))
      expect(await toBuffer(repository.read(empty.descriptor), max)).toEqual(empty.raw)
      const { raw } = blob('sixty-four bytes of hash')
      const hex = createHash('sha512').update(raw).digest('hex')
      const long = { ...blob(raw).descriptor, digest: parseDigest(`sha512:${hex}`) }
      await repository.write(long, fromBuffer(raw))
      expect(await toBuffer(repository.read(long), max)).toEqual(raw)
    }))

  test('write() does not read the bytes of existing content', () =>
    withRepository(async (repository) => {
      const { raw, descriptor } = blob('twice')
      await repository.write(descriptor, fromBuffer(raw))
      await repository.write(descriptor, untouchable())
    }))

  test('write() stores no bytes that differ from the descriptor', () =>
    withRepository(async (repository) => {
      const { descriptor } = blob('expected')
      await expectCode(repository.write(descriptor, fromBuffer(blob('something').raw)), [
        'DIGEST_INVALID',
      ])
      for (const alreadyVerified of [false, true]) {
        const bytes = fromBuffer(blob('expectex').raw)
        await expectCode(repository.write(descriptor, bytes, { alreadyVerified }), [
          'DIGEST_INVALID',
        ])
      }
      expect(await repository.has(descriptor)).toBe(false)
    }))

  test('read() returns any range', () =>
    withRepository(async (repository) => {
      const { raw, descriptor } = blob(noise(200_000))
      await repository.write(descriptor, fromBuffer(raw))
      for (const [start, end] of [
        [0, 1],
        [70_000, 150_001],
        [199_999, 200_000],
      ] as const) {
        const part = await toBuffer(repository.read(descriptor, { start, end }), max)
        expect(part).toEqual(raw.slice(start, end))
      }
    }))

  test('read() and resolveBlob() throw BLOB_UNKNOWN for an absent blob', () =>
    withRepository(async (repository) => {
      const { descriptor } = blob('never written')
      await expectCode(toBuffer(repository.read(descriptor), max), ['BLOB_UNKNOWN'])
      await expectCode(repository.resolveBlob(descriptor.digest), ['BLOB_UNKNOWN'])
    }))

  test('delete() removes a blob until it is written again', () =>
    withRepository(async (repository) => {
      const { raw, descriptor } = blob('come and go')
      await repository.write(descriptor, fromBuffer(raw))
      await repository.delete(descriptor)
      expect(await repository.has(descriptor)).toBe(false)
      await repository.delete(descriptor)
      await repository.write(descriptor, fromBuffer(raw))
      expect(await toBuffer(repository.read(descriptor), max)).toEqual(raw)
    }))
}

function testMembership(withRepository: With): void {
  test('read() does not show the blobs of another repository', () =>
    withRepository(async (repository, registry) => {
      const { raw, descriptor } = blob('private')
      await repository.write(descriptor, fromBuffer(raw))
      const other = registry.repository('other')
      expect(await other.has(descriptor)).toBe(false)
      await expectCode(toBuffer(other.read(descriptor), max), ['BLOB_UNKNOWN', 'NAME_UNKNOWN'])
    }))

  test('write() stores no other bytes for content that another repository has', () =>
    withRepository(async (repository, registry) => {
      const { raw, descriptor } = blob('secret')
      await repository.write(descriptor, fromBuffer(raw))
      const other = registry.repository('other')
      const writing = other.write(descriptor, fromBuffer(blob('guesst').raw))
      const isMounted = await writing.then(
        () => true,
        (error: unknown) => {
          if (!isStrakeError(error, 'DIGEST_INVALID')) throw error
          return false
        },
      )
      expect(await other.has(descriptor)).toBe(isMounted)
      // A registry may give the content it has instead of reading the bytes.
      if (isMounted) expect(await toBuffer(other.read(descriptor), max)).toEqual(raw)
    }))

  test('mount() shares a blob without its bytes', () =>
    withRepository(async (repository, registry) => {
      const { raw, descriptor } = blob(noise(100_000, 7))
      await repository.write(descriptor, fromBuffer(raw))
      const other = registry.repository('other')
      expect(await other.mount(descriptor.digest, { from: 'team/app' })).toEqual(descriptor)
      expect(await toBuffer(other.read(descriptor), max)).toEqual(raw)
      const third = registry.repository('third')
      await third.write(descriptor, untouchable(), { mountFrom: 'team/app' })
      expect(await third.has(descriptor)).toBe(true)
    }))

  test('mount() returns undefined when there is nothing to mount', () =>
    withRepository(async (repository, registry) => {
      const { raw, descriptor } = blob('elsewhere')
      await registry.repository('elsewhere').write(descriptor, fromBuffer(raw))
      expect(await repository.mount(descriptor.digest, { from: 'nowhere' })).toBeUndefined()
      expect(await repository.has(descriptor)).toBe(false)
      await repository.write(descriptor, fromBuffer(raw), { mountFrom: 'nowhere' })
      expect(await repository.has(descriptor)).toBe(true)
    }))
}

function testIngests(withRepository: With): void {
  test('ingest() stores content whose digest is not known yet', () =>
    withRepository(async (repository) => {
      const { raw, descriptor } = blob(noise(300_000, 3))
      await using ingest = await repository.ingest()
      await ingest.append(fromBuffer(raw.slice(0, 100_000)))
      expect(ingest.size).toBe(100_000)
      await ingest.append(fromBuffer(raw.slice(100_000)))
      expect(await ingest.commit()).toBe(descriptor.digest)
      expect(await toBuffer(repository.read(descriptor), max)).toEqual(raw)
    }))

  test('ingest() refuses to commit under another digest', () =>
    withRepository(async (repository) => {
      const { descriptor } = blob('another')
      await using ingest = await repository.ingest()
      await ingest.append(fromBuffer(blob('one').raw))
      await expectCode(ingest.commit(descriptor.digest), ['DIGEST_INVALID'])
      expect(await repository.has(descriptor)).toBe(false)
    }))
}

function testManifests(withRepository: With): void {
  test('tag() names a manifest, and resolve() finds it by tag and by digest', () =>
    withRepository(async (repository) => {
      const { raw, descriptor } = await pushManifest(repository, 'v1')
      expect(await repository.resolve('v1')).toEqual(descriptor)
      expect(await repository.resolve(descriptor.digest)).toEqual(descriptor)
      expect(await toBuffer(repository.read(descriptor), max)).toEqual(raw)
      const other = await pushManifest(repository, 'v1', 'two')
      expect(await repository.resolve('v1')).toEqual(other.descriptor)
    }))

  test('write() accepts an index of manifests', () =>
    withRepository(async (repository) => {
      const { descriptor } = await pushManifest(repository, 'amd64')
      const all = index([descriptor])
      await repository.write(all.descriptor, fromBuffer(all.raw))
      await repository.tag('all', all.descriptor)
      expect(await repository.resolve('all')).toEqual(all.descriptor)
    }))

  test('resolve() throws MANIFEST_UNKNOWN, and tag() does for an absent manifest', () =>
    withRepository(async (repository) => {
      await pushManifest(repository, 'v1')
      await expectCode(repository.resolve('v2'), ['MANIFEST_UNKNOWN'])
      const { descriptor } = manifest({ annotations: { never: 'pushed' } })
      await expectCode(repository.resolve(descriptor.digest), ['MANIFEST_UNKNOWN'])
      await expectCode(repository.tag('v2', descriptor), ['MANIFEST_UNKNOWN'])
    }))

  test('untag() keeps the manifest, delete() also removes all its tags', () =>
    withRepository(async (repository) => {
      const { descriptor } = await pushManifest(repository, 'one')
      await repository.tag('two', descriptor)
      await repository.tag('three', descriptor)
      await repository.untag('one')
      expect(await Array.fromAsync(repository.tags())).toEqual(['three', 'two'])
      expect(await repository.has(descriptor)).toBe(true)
      await repository.delete(descriptor)
      await expectCode(repository.resolve('two'), ['MANIFEST_UNKNOWN'])
      expect(await repository.has(descriptor)).toBe(false)
    }))

  test('referrers() lists attached manifests, by artifact type', () =>
    withRepository(async (repository) => {
      const { descriptor: subject } = await pushManifest(repository, 'v1')
      await expectReferrers(repository, subject, undefined, [])
      const annotations = { made: 'here' }
      const sbom = manifest({ subject, artifactType: 'example/sbom', annotations })
      const signature = manifest({ subject, artifactType: 'example/signature' })
      for (const { raw, descriptor } of [sbom, signature]) {
        await repository.write(descriptor, fromBuffer(raw))
      }
      const sbomEntry = { ...sbom.descriptor, artifactType: 'example/sbom', annotations }
      const other = { ...signature.descriptor, artifactType: 'example/signature' }
      await expectReferrers(repository, subject, undefined, [sbomEntry, other])
      await expectReferrers(repository, subject, 'example/sbom', [sbomEntry])
      const [first = '', second = ''] = [sbom.descriptor.digest, signature.descriptor.digest].sort()
      for (const [after, digests] of [
        [first, [second]],
        [second, []],
      ] as const) {
        const found = await Array.fromAsync(repository.referrers(subject.digest, { after }))
        expect(found.map(({ digest }) => digest as string)).toEqual([...digests])
      }
      await repository.delete(sbom.descriptor)
      await expectReferrers(repository, subject, undefined, [other])
    }))
}

function testLists(withRepository: With): void {
  test('tags() are in lexical order and may start anywhere', () =>
    withRepository(async (repository) => {
      const { descriptor } = await pushManifest(repository, 'b')
      for (const tag of ['a', 'C', '_x', '10', '9']) await repository.tag(tag, descriptor)
      expect(await Array.fromAsync(repository.tags())).toEqual(['10', '9', 'C', '_x', 'a', 'b'])
      expect(await Array.fromAsync(repository.tags({ after: 'C' }))).toEqual(['_x', 'a', 'b'])
    }))

  test('tags() throws NAME_UNKNOWN for an absent repository', () =>
    withRepository(async (repository) => {
      await expectCode(Array.fromAsync(repository.tags()), ['NAME_UNKNOWN'])
    }))

  test('repositories() are in lexical order and may start anywhere', () =>
    withRepository(async (_repository, registry) => {
      const { raw, descriptor } = blob('somewhere')
      for (const name of ['b/c', 'a', 'b', 'a-b', 'a/b']) {
        await registry.repository(name).write(descriptor, fromBuffer(raw))
      }
      const all = ['a', 'a-b', 'a/b', 'b', 'b/c']
      expect(await Array.fromAsync(registry.repositories())).toEqual(all)
      expect(await Array.fromAsync(registry.repositories({ after: 'a-b' }))).toEqual(all.slice(2))
    }))

  test('repository() refuses names outside the grammar', () =>
    withRepository(async (_repository, registry) => {
      for (const name of ['', 'A', '../x', 'a//b', 'a/', `${'a'.repeat(256)}`, 'a\0']) {
        expect(() => registry.repository(name)).toThrow()
      }
    }))
}

async function pushManifest(
  repository: Repository,
  tag: string,
  content = 'layer',
): Promise<ReturnType<typeof manifest>> {
  const layer = blob(content, 'application/vnd.oci.image.layer.v1.tar')
  for (const { raw, descriptor } of [emptyConfig, layer]) {
    await repository.write(descriptor, fromBuffer(raw))
  }
  const pushed = manifest({ layers: [layer.descriptor] })
  await repository.write(pushed.descriptor, fromBuffer(pushed.raw))
  await repository.tag(tag, pushed.descriptor)
  return pushed
}

async function expectReferrers(
  repository: Repository,
  subject: Descriptor,
  artifactType: string | undefined,
  expected: readonly Descriptor[],
): Promise<void> {
  const options = artifactType === undefined ? {} : { artifactType }
  const found = await Array.fromAsync(repository.referrers(subject.digest, options))
  const order = (one: Descriptor, other: Descriptor): number => (one.digest < other.digest ? -1 : 1)
  expect(found.sort(order)).toEqual([...expected].sort(order))
}

/** Expects a `StrakeError` with one of `codes`. */
export async function expectCode(
  work: Promise<unknown>,
  codes: readonly string[],
): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isStrakeError(error)) throw error ?? new Error(`expected ${codes.join(' or ')}`)
  expect(codes).toContain(error.code)
  return error.message
}
