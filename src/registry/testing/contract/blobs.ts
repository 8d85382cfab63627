import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { parseDigest } from '#oci'
import { fromBuffer, toBuffer } from '#stream'
import { expectCode } from '../expect-code.ts'
import { blob, chunked, noise, untouchable } from '../fixtures.ts'
import { max, type With } from './with.ts'

/** Writing, reading and deleting blobs of one repository. */
export function testBlobs(withRepository: With): void {
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

/** Content whose digest is unknown until its end. */
export function testIngests(withRepository: With): void {
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
