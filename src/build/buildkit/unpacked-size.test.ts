import { expect, test } from 'bun:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { unpackedSize } from './unpacked-size.ts'

const type = 'application/vnd.oci.image.layer.v1.tar'

async function sizeOf(raw: Uint8Array, mediaType: string): Promise<number | undefined> {
  const content = {
    has: async () => true,
    read: (_: unknown, { start = 0, end = raw.length } = {}) =>
      fromBuffer(raw.subarray(start, end)),
  }
  return await unpackedSize(content, { mediaType, digest: sha256(raw), size: raw.length })
}

test.each([0, 1, 255, 256, 70_000])('unpackedSize() reads the size of %p bytes', async (size) => {
  const plain = new Uint8Array(size).map((_, at) => at * 7)
  expect(await sizeOf(plain, type)).toBe(size)
  expect(await sizeOf(gzipSync(plain), `${type}+gzip`)).toBe(size)
  const packed = zstdCompressSync(plain, { pledgedSrcSize: size })
  if (packed.length >= 18) expect(await sizeOf(packed, `${type}+zstd`)).toBe(size)
})

test('unpackedSize() does not know the size of other bytes', async () => {
  expect(await sizeOf(new Uint8Array(4), `${type}+gzip`)).toBeUndefined()
  expect(await sizeOf(new Uint8Array(40), `${type}+zstd`)).toBeUndefined()
})
