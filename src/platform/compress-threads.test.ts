import { expect, test } from 'bun:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressMember } from './compress-member.ts'
import { openCompressThreads } from './compress-threads.ts'

/** More chunks than there are threads, the first ones too small to leave this one. */
const chunks = [0, 10, 300_000, 1_048_576, 900_001, 70_000, 1_048_576, 65_537].map((size, seed) =>
  new Uint8Array(size).map((_, index) => (index * index + seed) >> 7),
)

for (const [format, decompress] of [
  ['gzip', gunzipSync],
  ['zstd', zstdDecompressSync],
] as const) {
  test(`openCompressThreads() makes of every chunk the ${format} bytes that one thread makes`, async () => {
    using threads = openCompressThreads({ format, level: 1 })
    const members = await Promise.all(chunks.map((chunk) => threads.compress(chunk.slice())))
    for (const [index, chunk] of chunks.entries()) {
      const member = members[index] ?? new Uint8Array(0)
      expect(Buffer.compare(decompress(member), chunk)).toBe(0)
      expect(Buffer.compare(member, compressMember(chunk.slice(), { format, level: 1 }))).toBe(0)
    }
  })
}

test('openCompressThreads() passes on why a thread could not compress', async () => {
  using threads = openCompressThreads({ format: 'gzip', level: 99 })
  const chunk = (): Uint8Array<ArrayBuffer> => new Uint8Array(100_000)
  await expect(threads.compress(chunk())).rejects.toThrow('compressing thread')
  await expect(threads.compress(chunk())).rejects.toThrow('compressing thread')
})
