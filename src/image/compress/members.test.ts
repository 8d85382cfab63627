import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { maxChunkSize, openCompressThreads } from '#platform'
import { concat, decompress, fromBuffer, fromBuffers, toBuffer } from '#stream'
import { packTar, type TarInput } from '#tar'
import { minMemberSize } from './cut.ts'
import { compressMembers, type Member } from './members.ts'

const limit = 1 << 26

/** Data that compresses about as well as text. */
const noise = new Uint8Array(2_700_000).map((_, index) => (index * index) >> 9)

/** An archive of many small files, a file larger than the largest piece, and some more files. */
function archiveWith(changed?: {
  readonly index: number
  readonly size: number
}): Promise<Uint8Array> {
  const sizes = Array.from({ length: 700 }, (_, index) => (index * 7919) % 9000)
  sizes[500] = 2_600_000
  const entries = sizes.map((size, index): TarInput => {
    const length = index === changed?.index ? changed.size : size
    return { path: `app/${index}`, body: noise.subarray(index * 100, index * 100 + length) }
  })
  return packTar(entries)
}

const whole = archiveWith()

async function compress(
  tar: AsyncIterable<Uint8Array>,
  options: Partial<Parameters<typeof compressMembers>[1]> = {},
  format: 'gzip' | 'zstd' = 'gzip',
): Promise<Member[]> {
  using threads = openCompressThreads({ format, level: 1 })
  return await Array.fromAsync(compressMembers(tar, { threads, ...options }))
}

const joined = (members: readonly Member[]): Uint8Array => concat(members.map(({ bytes }) => bytes))

for (const format of ['gzip', 'zstd'] as const) {
  test(`compressMembers() makes ${format} that decompress() reads, in members of bounded size`, async () => {
    const tar = await whole
    const members = await compress(fromBuffer(tar), {}, format)
    expect(members.length).toBeGreaterThan(5)
    for (const { size } of members.slice(0, -1)) {
      expect(size).toBeGreaterThanOrEqual(minMemberSize)
      expect(size).toBeLessThanOrEqual(maxChunkSize)
    }
    const back = await toBuffer(decompress(fromBuffer(joined(members))), limit)
    expect(Buffer.compare(back, tar)).toBe(0)
  })

  test(`compressMembers() makes valid ${format} of empty input`, async () => {
    const members = await compress(fromBuffers([]), {}, format)
    expect(members.map(({ size }) => size)).toEqual([0])
    expect((await toBuffer(decompress(fromBuffer(joined(members))), 1)).length).toBe(0)
  })
}

test('compressMembers() makes the same bytes for any chunks of input, in reused memory', async () => {
  const tar = await whole
  const once = joined(await compress(fromBuffer(tar)))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 10_000, max: 3_000_000 }), { minLength: 1 }),
      async (sizes) => {
        async function* reusing(): AsyncGenerator<Uint8Array> {
          const buffer = new Uint8Array(3_000_000)
          for (let at = 0, turn = 0; at < tar.length; turn++) {
            const part = tar.subarray(at, at + (sizes[turn % sizes.length] ?? 0))
            buffer.set(part)
            yield buffer.subarray(0, part.length)
            buffer.fill(turn)
            at += part.length
          }
        }
        return Buffer.compare(joined(await compress(reusing())), once) === 0
      },
    ),
    { numRuns: 5, examples: [[[10_001]], [[511, 1, 700_001]]] },
  )
})

test('compressMembers() finds a cut whose header is split between two chunks', async () => {
  const tar = await whole
  const once = await compress(fromBuffer(tar))
  const [first] = once
  for (const inside of [1, 300, 511]) {
    const at = (first?.size ?? 0) + inside
    const split = await compress(fromBuffers([tar.subarray(0, at), tar.subarray(at)]))
    expect(split.map(({ size }) => size)).toEqual(once.map(({ size }) => size))
    expect(Buffer.compare(joined(split), joined(once))).toBe(0)
  }
})

test('compressMembers() keeps the members of unchanged pieces, also after insertions', async () => {
  const before = await compress(fromBuffer(await whole))
  const known = new Set(before.map(({ bytes }) => Buffer.from(bytes).toString('base64')))
  for (const changed of [
    { index: 2, size: 3 },
    { index: 300, size: 20_000 },
    { index: 501, size: 100_000 },
    { index: 699, size: 0 },
  ]) {
    const after = await compress(fromBuffer(await archiveWith(changed)))
    const isNew = ({ bytes }: Member) => !known.has(Buffer.from(bytes).toString('base64'))
    expect(after.filter(isNew).length).toBeLessThanOrEqual(3)
  }
})

test('compressMembers() uses a member from find() only if it is right', async () => {
  const tar = await whole
  const before = await compress(fromBuffer(tar))
  const found: number[] = []
  const find = async (size: number, checksum: number) => {
    const index = before.findIndex((each) => each.size === size && each.checksum === checksum)
    found.push(index)
    // Every second member is wrong.
    return before[index % 2 === 0 ? index : index - 1]?.bytes.slice()
  }
  const after = await compress(fromBuffer(tar), { find })
  expect(Buffer.compare(joined(after), joined(before))).toBe(0)
  expect(found).toEqual(before.keys().toArray())
})

test('compressMembers() throws the error of its input, and ends when the reader stops', async () => {
  const tar = await whole
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield tar.subarray(0, 3_000_000)
    throw new Error('the disk failed')
  }
  await expect(compress(broken())).rejects.toThrow('the disk failed')
  using threads = openCompressThreads({ format: 'gzip', level: 1 })
  for await (const member of compressMembers(fromBuffer(tar), { threads })) {
    expect(member.size).toBeGreaterThan(0)
    break
  }
  // All memory was returned.
  const all = await Promise.all(Array.from({ length: threads.parallel }, () => threads.take()))
  expect(all.length).toBe(threads.parallel)
})
