import { expect, test } from 'bun:test'
import type { Descriptor } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import type { Repository } from '../../registry.ts'
import { expectCode } from '../expect-code.ts'
import { index, manifest } from '../fixtures.ts'
import { pushManifest } from './push-manifest.ts'
import { max, type With } from './with.ts'

/** Manifests, their tags and their referrers. */
export function testManifests(withRepository: With): void {
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
