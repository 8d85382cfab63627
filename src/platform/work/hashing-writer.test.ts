import { afterAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { crc32 } from 'node:zlib'
import { mkdtempDisposable } from '../file/files.ts'
import { type HashedFile, sumSize } from './hash-ring.ts'
import { type HashingWriter, maxReserve, openHashingWriter } from './hashing-writer.ts'

const directory = await mkdtempDisposable(tmpdir(), 'strake-writer-')
afterAll(() => directory[Symbol.asyncDispose]())

const large = 2 ** 30

const pieces = [0, 1, 700_000, 400_000, maxReserve, 3, ...Array(20).fill(900_001)]

async function fill(writer: HashingWriter): Promise<HashedFile> {
  let count = 0
  for (const size of pieces) {
    if (writer.free < size) await writer.flush()
    writer.reserve(size).fill(++count)
    writer.hashPart(size)
  }
  return writer.finish()
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

test.each([
  { expectedSize: large, isShared: true },
  { expectedSize: large, isShared: false },
  { isShared: true },
  {},
  { expectedSize: 0 },
])('openHashingWriter() writes and hashes everything, with %p', async (options) => {
  const path = `${directory.path}/file-${JSON.stringify(options)}`
  const descriptor = openSync(path, 'wx')
  {
    await using writer = openHashingWriter(descriptor, options)
    const { digest, parts, checksum, sums } = await fill(writer)
    expect(writer.size).toBe(pieces.reduce((sum, size) => sum + size))
    expect(digest).toBe(sha256(readFileSync(path)).toString('hex'))
    const expected = pieces.map((size, index) => sha256(Buffer.alloc(size, index + 1)))
    expect(Buffer.compare(parts, Buffer.concat(expected))).toBe(0)
    const bytes = readFileSync(path)
    const blocks = Array.from({ length: Math.ceil(bytes.length / sumSize) }, (_, n) =>
      crc32(bytes.subarray(n * sumSize, (n + 1) * sumSize)),
    )
    expect([...sums]).toEqual(blocks)
    expect(checksum).toBe(crc32(bytes))
  }
  closeSync(descriptor)
  const written = readFileSync(path)
  expect(written.length).toBe(pieces.reduce((sum, size) => sum + size))
  let at = 0
  for (const [index, size] of pieces.entries()) {
    expect(written.subarray(at, at + size).every((byte) => byte === index + 1)).toBe(true)
    at += size
  }
})

test.each([large, undefined, 0])(
  'append() copies chunks of any size, expecting %p bytes',
  async (size) => {
    const path = `${directory.path}/appended-${size}`
    const descriptor = openSync(path, 'ax')
    const chunk = new Uint8Array(5 * maxReserve + 7).map((_, index) => index * 31)
    {
      await using writer = openHashingWriter(descriptor, { expectedSize: size })
      for (const part of [chunk.subarray(0, 3), chunk.subarray(3, 3), chunk.subarray(3)]) {
        const lent = part.slice()
        await writer.append(lent)
        lent.fill(0)
      }
      expect((await writer.finish()).digest).toBe(sha256(chunk).toString('hex'))
    }
    closeSync(descriptor)
    expect(Buffer.compare(readFileSync(path), chunk)).toBe(0)
  },
)

test('openHashingWriter() returns the digest of an empty file', async () => {
  const descriptor = openSync(`${directory.path}/empty`, 'ax')
  for (const size of [large, undefined, 0]) {
    await using writer = openHashingWriter(descriptor, { expectedSize: size })
    const { digest, parts } = await writer.finish()
    expect(digest).toBe(sha256(Buffer.alloc(0)).toString('hex'))
    expect(parts.length).toBe(0)
  }
  closeSync(descriptor)
})

test.each([large, undefined, 0])(
  'openHashingWriter() throws the error of a write, expecting %p bytes',
  async (size) => {
    const descriptor = openSync('/dev/full', 'a')
    {
      await using writer = openHashingWriter(descriptor, { expectedSize: size })
      await expect(fill(writer)).rejects.toMatchObject({ code: 'ENOSPC' })
    }
    closeSync(descriptor)
  },
)

test('openHashingWriter() hashes any number of parts', async () => {
  const descriptor = openSync(`${directory.path}/parts`, 'ax')
  for (const size of [large, undefined, 0]) {
    await using writer = openHashingWriter(descriptor, { expectedSize: size })
    for (let count = 0; count < 5000; count++) {
      if (writer.free === 0) await writer.flush()
      writer.reserve(1).fill(count)
      writer.hashPart(1)
    }
    const { parts } = await writer.finish()
    const expected = Array.from({ length: 5000 }, (_, count) => sha256(Uint8Array.of(count)))
    expect(Buffer.compare(parts, Buffer.concat(expected))).toBe(0)
  }
  closeSync(descriptor)
})

test('openHashingWriter() hashes a part that continues in later chunks once', async () => {
  for (const expectedSize of [0, large]) {
    const descriptor = openSync(`${directory.path}/continued-${expectedSize}`, 'wx')
    {
      await using writer = openHashingWriter(descriptor, { expectedSize })
      const rest = [maxReserve - 10, maxReserve, 7]
      writer.reserve(10).fill(1)
      writer.hashPart(10)
      for (const [index, count] of rest.entries()) {
        if (writer.free < count) await writer.flush()
        writer.reserve(count).fill(2 + index)
        writer.hashPart(count, index < rest.length - 1)
      }
      writer.reserve(3).fill(9)
      writer.hashPart(3)
      const { parts } = await writer.finish()
      const long = Buffer.concat(rest.map((count, index) => Buffer.alloc(count, 2 + index)))
      const expected = [Buffer.alloc(10, 1), long, Buffer.alloc(3, 9)].map(sha256)
      expect(Buffer.compare(parts, Buffer.concat(expected))).toBe(0)
    }
    closeSync(descriptor)
  }
})

test('disposal ends an unfinished writer', async () => {
  const path = `${directory.path}/left`
  const descriptor = openSync(path, 'ax')
  {
    await using writer = openHashingWriter(descriptor, { expectedSize: large })
    writer.reserve(5).fill(1)
    await writer.flush()
    writer.reserve(5).fill(2)
  }
  closeSync(descriptor)
  expect(readFileSync(path).length).toBe(5)
})

test('openHashingWriter() limits the number of threads, and all writers write', async () => {
  const chunk = new Uint8Array(6 * maxReserve).fill(7)
  const write = async (index: number): Promise<string> => {
    const descriptor = openSync(`${directory.path}/many-${index}`, 'ax')
    try {
      await using writer = openHashingWriter(descriptor)
      await writer.append(chunk)
      return (await writer.finish()).digest
    } finally {
      closeSync(descriptor)
    }
  }
  const rounds = [0, 1].map(async (round) => {
    const digests = await Promise.all(Array.from({ length: 20 }, (_, n) => write(20 * round + n)))
    expect(new Set(digests)).toEqual(new Set([sha256(chunk).toString('hex')]))
  })
  await Promise.all(rounds)
})

test.each([large, 0])(
  'a shared writer leaves chunks of zeros out, also the last one, expecting %p bytes',
  async (size) => {
    const path = `${directory.path}/holes-${size}`
    const content = new Uint8Array(6 * maxReserve)
    content[3 * maxReserve - 1] = 1
    content[4 * maxReserve] = 1
    const descriptor = openSync(path, 'wx')
    {
      await using writer = openHashingWriter(descriptor, { expectedSize: size, isShared: true })
      await writer.append(content)
      expect((await writer.finish()).digest).toBe(sha256(content).toString('hex'))
    }
    closeSync(descriptor)
    expect(Buffer.compare(readFileSync(path), content)).toBe(0)
    const { blocks } = statSync(path)
    // Only the two chunks with a one take space.
    expect(blocks * 512).toBeLessThanOrEqual(3 * maxReserve)
  },
)
