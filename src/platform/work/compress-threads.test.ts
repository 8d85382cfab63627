import { expect, test } from 'bun:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressMember } from './compress-member.ts'
import { type CompressThreads, maxChunkSize, openCompressThreads } from './compress-threads.ts'

/** More chunks than threads. The first chunks are too small for another thread. */
const chunks = [0, 10, 300_000, 1_048_576, 900_001, 70_000, maxChunkSize, 65_537].map(
  (size, seed) => new Uint8Array(size).map((_, index) => (index * index + seed) >> 7),
)

async function compress(
  threads: CompressThreads,
  chunk: Uint8Array,
  kept?: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const memory = await threads.take()
  memory.bytes.set(chunk)
  return await memory.compress(chunk.length, kept)
}

for (const [format, decompress] of [
  ['gzip', gunzipSync],
  ['zstd', zstdDecompressSync],
] as const) {
  test(`openCompressThreads() makes the same ${format} bytes as one thread`, async () => {
    using threads = openCompressThreads({ format, level: 1 })
    const members = await Promise.all(chunks.map((chunk) => compress(threads, chunk)))
    for (const [index, chunk] of chunks.entries()) {
      const member = members[index] ?? new Uint8Array(0)
      expect(Buffer.compare(decompress(member), chunk)).toBe(0)
      expect(Buffer.compare(member, compressMember(chunk, { format, level: 1 }))).toBe(0)
    }
  })

  test(`compress() uses a kept ${format} member only if it contains exactly these bytes`, async () => {
    using threads = openCompressThreads({ format, level: 1 })
    // A chunk for this thread and a chunk for another one.
    for (const size of [5000, 300_000]) {
      const chunk = new Uint8Array(size).map((_, index) => (index * index) >> 7)
      const made = compressMember(chunk, { format, level: 1 })
      // Its level differs from that of a new member.
      const foreign = compressMember(chunk, { format, level: 9 })
      expect(Buffer.compare(foreign, made)).not.toBe(0)
      const taken = await compress(threads, chunk, new Uint8Array(foreign))
      expect(Buffer.compare(taken, foreign)).toBe(0)
      const changed = chunk.slice()
      changed[3] = 200
      const damaged = foreign.slice()
      damaged[damaged.length >> 1] = (damaged[damaged.length >> 1] ?? 0) ^ 1
      for (const [index, wrong] of [
        damaged,
        foreign.slice(0, -1),
        foreign.slice(0, 0),
        Buffer.concat([foreign, foreign]),
        compressMember(changed, { format, level: 1 }),
        compressMember(chunk.subarray(1), { format, level: 1 }),
        compressMember(new Uint8Array(maxChunkSize), { format, level: 1 }),
      ].entries()) {
        const member = await compress(threads, chunk, new Uint8Array(wrong))
        expect([index, Buffer.compare(member, made)]).toEqual([index, 0])
      }
    }
  })
}

test('take() waits until some memory is free', async () => {
  using threads = openCompressThreads({ format: 'gzip', level: 1 })
  const all = await Promise.all(Array.from({ length: threads.parallel }, () => threads.take()))
  const order: number[] = []
  const waiting = [1, 2, 3].map(async (count) => {
    const memory = await threads.take()
    order.push(count)
    memory.release()
  })
  await Promise.resolve()
  expect(order).toEqual([])
  for (const memory of all) memory.release()
  await Promise.all(waiting)
  expect(order).toEqual([1, 2, 3])
})

test('openCompressThreads() throws the error of a thread', async () => {
  using threads = openCompressThreads({ format: 'gzip', level: 99 })
  const chunk = new Uint8Array(100_000)
  await expect(compress(threads, chunk)).rejects.toThrow('compressing thread')
  await expect(compress(threads, chunk)).rejects.toThrow('compressing thread')
})
