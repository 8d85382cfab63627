import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { concat, fromBuffers, gathered, rechunk, toBuffer } from './buffer.ts'

test('rechunk() keeps the bytes and makes every chunk but the last one full', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }))
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (input, size) => {
      const output: Uint8Array[] = []
      for await (const chunk of rechunk(fromBuffers(input), size)) output.push(chunk)
      expect(concat(output)).toEqual(concat(input))
      expect(output.slice(0, -1).every((chunk) => chunk.length === size)).toBe(true)
      expect(output.every((chunk) => chunk.length > 0 && chunk.length <= size)).toBe(true)
    }),
  )
})

test('rechunk() yields buffers that do not change when the producer reuses its own', async () => {
  async function* reusing(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(3)
    for (let value = 1; value <= 4; value++) yield buffer.fill(value)
  }
  const output: Uint8Array[] = []
  for await (const chunk of rechunk(reusing(), 4)) output.push(chunk)
  expect(concat(output)).toEqual(Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4))
})

test('gathered() keeps the bytes, joins small chunks and passes large ones unchanged', async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }))
  await fc.assert(
    fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (input, size) => {
      const output: Uint8Array[] = []
      for await (const chunk of gathered(fromBuffers(input), size)) output.push(chunk.slice())
      expect(concat(output)).toEqual(concat(input))
      expect(output.slice(0, -1).every((chunk) => chunk.length >= size)).toBe(true)
      expect(output.every((chunk) => chunk.length > 0)).toBe(true)
    }),
  )
  const large = new Uint8Array(9)
  const [first] = await Array.fromAsync(gathered(fromBuffers([large]), 8))
  expect(first?.buffer).toBe(large.buffer)
})

test('gathered() yields the right bytes when the producer reuses its buffer', async () => {
  async function* reusing(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(3)
    for (let value = 1; value <= 4; value++) yield buffer.fill(value)
  }
  const output: Uint8Array[] = []
  for await (const chunk of gathered(reusing(), 4)) output.push(chunk.slice())
  expect(concat(output)).toEqual(Uint8Array.of(1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4))
})

test('toBuffer() copies chunks that the producer may reuse, and stops at its limit', async () => {
  async function* reusing(): AsyncGenerator<Uint8Array> {
    const buffer = Buffer.alloc(2)
    for (let value = 1; value <= 3; value++) yield buffer.fill(value)
  }
  expect(await toBuffer(reusing(), 6)).toEqual(Uint8Array.of(1, 1, 2, 2, 3, 3))
  await expect(toBuffer(reusing(), 5)).rejects.toMatchObject({ code: 'SIZE_INVALID' })
})
