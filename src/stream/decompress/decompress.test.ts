import { expect, test } from 'bun:test'
import { constants, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { concat, fromBuffer, fromBuffers, toBuffer } from '../buffer.ts'
import { overwriting } from '../testing/overwriting.ts'
import { decompress } from './decompress.ts'

const text = new TextEncoder().encode('planking, line by line. '.repeat(500))
const garbage = new TextEncoder().encode('garbage')
const zeros = new Uint8Array(512)
const compressions = { gzip: gzipSync(text), zstd: zstdCompressSync(text) }

async function inflated(...chunks: Uint8Array[]): Promise<string> {
  const output = await toBuffer(decompress(fromBuffers(chunks)), 1 << 24)
  return Buffer.from(output).toString()
}
const once = Buffer.from(text).toString()

test('decompress() yields uncompressed bytes unchanged, also very few', async () => {
  expect(await inflated(text)).toBe(once)
  expect(await inflated(Uint8Array.of(0x1f))).toBe('\x1f')
  expect(await inflated()).toBe('')
})

test('decompress() refuses xz and bzip2 and names the remedy', async () => {
  const xz = Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1, 2)
  await expect(inflated(xz)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    remedy: 'decompress it first, for example with xz -d',
  })
  await expect(inflated(new TextEncoder().encode('BZh91AY&SY'))).rejects.toMatchObject({
    code: 'UNSUPPORTED',
  })
})

test.each([
  ['compress', '1f9d90', 'uncompress'],
  ['lzma', '5d0000800000', 'xz --format=lzma -d'],
  ['lz4', '04224d18', 'lz4 -d'],
  ['zip', '504b0304', 'unzip'],
])('decompress() names %s data and a program for it in its error', async (name, hex, program) => {
  const data = concat([Buffer.from(hex, 'hex'), text])
  await expect(inflated(data)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: `Cannot decompress ${name} data: only gzip and zstd are supported`,
    remedy: `decompress it first, for example with ${program}`,
  })
})

for (const [name, compressed] of Object.entries(compressions)) {
  test(`decompress() reads every part of a ${name} stream, wherever chunks end`, async () => {
    expect(await inflated(compressed)).toBe(once)
    expect(await inflated(compressed, compressed)).toBe(once + once)
    expect(await inflated(concat([compressed, compressed, compressed]))).toBe(once + once + once)
    const bytes = [...concat([compressed, compressed])].map((byte) => Uint8Array.of(byte))
    expect(await inflated(...bytes)).toBe(once + once)
  })

  test(`decompress() drops zeros after a ${name} stream`, async () => {
    expect(await inflated(concat([compressed, zeros]))).toBe(once)
    expect(await inflated(compressed, zeros, zeros)).toBe(once)
  })

  test(`decompress() refuses other data after a ${name} stream`, async () => {
    for (const chunks of [
      [concat([compressed, garbage])],
      [compressed, garbage],
      [concat([compressed, zeros, garbage])],
      [compressed, zeros, garbage],
    ]) {
      await expect(inflated(...chunks)).rejects.toMatchObject({ code: 'INVALID' })
    }
  })

  test(`decompress() detects a ${name} stream that was cut anywhere`, async () => {
    for (let length = 6; length < compressed.length; length++) {
      await expect(inflated(compressed.subarray(0, length))).rejects.toMatchObject({
        code: 'INVALID',
        message: `Cannot decompress ${name} data: it ends too early`,
      })
    }
  })

  test(`decompress() stops a ${name} bomb at the ratio and at the size`, async () => {
    const bomb =
      name === 'gzip'
        ? gzipSync(new Uint8Array(4 << 20))
        : zstdCompressSync(new Uint8Array(4 << 20))
    const drain = (limits: object) =>
      toBuffer(decompress(fromBuffer(bomb), limits), Number.MAX_SAFE_INTEGER)
    await expect(drain({ ratio: 100, ratioFrom: 1 << 20 })).rejects.toMatchObject({
      code: 'SIZE_INVALID',
    })
    await expect(drain({ size: 1 << 20 })).rejects.toMatchObject({ code: 'SIZE_INVALID' })
    expect((await drain({})).length).toBe(4 << 20)
  })

  test(`decompress() rethrows the error that ends the source of a ${name} stream`, async () => {
    const reason = new Error('connection reset')
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield compressed.subarray(0, 20)
      throw reason
    }
    const reading = toBuffer(decompress(broken()), 1 << 24)
    await expect(reading).rejects.toBe(reason)
  })

  test(`decompress() closes the source of a ${name} stream when its reader stops`, async () => {
    let isClosed = false
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield compressed
      } finally {
        isClosed = true
      }
    }
    for await (const _ of decompress(source())) break
    expect(isClosed).toBe(true)
  })
}

test('decompress() accepts one buffer that its producer reuses', async () => {
  for (const compressed of Object.values(compressions)) {
    const output = await toBuffer(decompress(overwriting(compressed, 16)), 1 << 24)
    expect(Buffer.from(output).toString()).toBe(once)
  }
})

test('decompress() detects damage anywhere in a stream with a checksum', async () => {
  const params = { [constants.ZSTD_c_checksumFlag]: 1 }
  for (const good of [gzipSync(text), zstdCompressSync(text, { params })]) {
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 9), fc.integer({ min: 0, max: 7 }), async (at, bit) => {
        const damaged = good.slice()
        const offset = at + 8
        damaged[offset] = (damaged[offset] ?? 0) ^ (1 << bit)
        const outcome = await inflated(damaged).catch(() => 'refused')
        return outcome === 'refused' || outcome === once
      }),
      { numRuns: 60 },
    )
  }
})

test('decompress() refuses a zstd frame whose window would fill the memory', async () => {
  const header = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 18 << 3)
  await expect(inflated(concat([header, text]))).rejects.toMatchObject({
    message: `Cannot decompress zstd data: it needs a window of ${2 ** 28} bytes`,
  })
})

test('decompress() skips skippable zstd frames', async () => {
  const skippable = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3)
  expect(await inflated(concat([skippable, compressions.zstd, skippable]))).toBe(once)
})
