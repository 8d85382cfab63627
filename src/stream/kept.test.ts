import { expect, test } from 'bun:test'
import { keepChunk, keepChunks } from './kept.ts'
import { noise, overwriting } from './testing/overwriting.ts'

test('keepChunks() yields chunks that do not change', async () => {
  const content = noise(100_000)
  const chunks = await Array.fromAsync(keepChunks(overwriting(content, 3000)))
  expect(Buffer.compare(Buffer.concat(chunks), content)).toBe(0)
})

test('keepChunk() copies a Buffer, whose slice() would not', () => {
  const buffer = Buffer.from('text')
  const kept = keepChunk(buffer.subarray(1, 3))
  buffer.fill('x')
  expect(Buffer.from(kept).toString()).toBe('ex')
})
