import { expect, test } from 'bun:test'
import { noise, overwriting } from './testing/overwriting.ts'
import { toReadableStream } from './web-stream.ts'

test('toReadableStream() holds chunks whose producer uses one buffer', async () => {
  const content = noise(500_000)
  const stream = toReadableStream(overwriting(content, 60_000))
  const chunks = await Array.fromAsync(stream)
  expect(Buffer.compare(Buffer.concat(chunks), content)).toBe(0)
  const body = await new Response(toReadableStream(overwriting(content, 60_000))).bytes()
  expect(Buffer.compare(body, content)).toBe(0)
})
