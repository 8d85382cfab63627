import { expect, test } from 'bun:test'
import { isStrakeError } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { expectCode } from '../expect-code.ts'
import { blob, noise, untouchable } from '../fixtures.ts'
import { max, type With } from './with.ts'

/** Blobs of several repositories: separation and mounts. */
export function testMembership(withRepository: With): void {
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
