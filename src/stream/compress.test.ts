import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { concat, fromBuffer, fromBuffers, toBuffer } from './buffer.ts'
import { gzip, zstd } from './compress.ts'
import { decompress } from './decompress.ts'
import { detectCompression } from './detect.ts'

/** Three mebibytes and a bit that compress like text does. */
const content = new Uint8Array(3 * 1024 * 1024 + 12_345).map((_, index) => (index * index) >> 7)

for (const [name, compress] of Object.entries({ gzip, zstd })) {
  const whole = (bytes: AsyncIterable<Uint8Array>) => toBuffer(bytes, 1 << 26)

  test(`${name}() gives the same bytes whatever runs in parallel and however chunks are cut`, async () => {
    const once = await whole(compress(fromBuffer(content), { parallel: 1 }))
    const many = await whole(compress(fromBuffer(content), { parallel: 8 }))
    const cut = [
      content.subarray(0, 7),
      content.subarray(7, 2_000_000),
      content.subarray(2_000_000),
    ]
    const pieces = await whole(compress(fromBuffers(cut)))
    expect(Buffer.compare(once, many)).toBe(0)
    expect(Buffer.compare(once, pieces)).toBe(0)
    expect(once.length).toBeLessThan(content.length)
  })

  test(`${name}() makes something of nothing that decompresses to nothing`, async () => {
    const empty = await whole(compress(fromBuffers([])))
    expect(detectCompression(empty)).toBe(name as 'gzip' | 'zstd')
    expect((await whole(decompress(fromBuffer(empty)))).length).toBe(0)
  })

  test(`${name}() is undone by decompress()`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 })), async (chunks) => {
        const back = await whole(decompress(compress(fromBuffers(chunks))))
        return Buffer.compare(back, concat(chunks)) === 0
      }),
      { numRuns: 25 },
    )
  })
}

test('gzip() keeps the compressed bytes of mebibytes that did not change', async () => {
  const changed = content.slice()
  changed[changed.length - 1] = 1
  const [before, after] = await Promise.all(
    [content, changed].map((bytes) => toBuffer(gzip(fromBuffer(bytes)), 1 << 26)),
  )
  const unchanged = await toBuffer(gzip(fromBuffer(content.subarray(0, 3 << 20))), 1 << 26)
  expect(before?.subarray(0, unchanged.length)).toEqual(unchanged)
  expect(after?.subarray(0, unchanged.length)).toEqual(unchanged)
})
