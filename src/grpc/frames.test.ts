import { expect, test } from 'bun:test'
import { encodeFrame, readFrames } from './frames.ts'
import { messageOf } from './testing/message-of.ts'

const Part = { data: ['bytes', 1] } as const

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const frames = Buffer.concat([
  encodeFrame(Part, { data: new Uint8Array(300).fill(7) }),
  encodeFrame(Part, {}),
  encodeFrame(Part, { data: new Uint8Array([1]) }),
])

for (const size of [1, 4, 5, 7, 100, 1000]) {
  test(`readFrames() finds messages in chunks of ${size} bytes`, async () => {
    const found = await Array.fromAsync(readFrames(cut(frames, size)))
    expect(found.map(({ start, end }) => end - start)).toEqual([303, 0, 3])
  })
}

test('readFrames() refuses a message above the limit before it arrives', async () => {
  const head = new Uint8Array([0, 0, 0, 4, 0])
  const reading = Array.fromAsync(readFrames(cut(head, 5), 1023))
  expect(await messageOf(reading)).toContain('a message of 1024 bytes is above the limit')
})

test('readFrames() refuses a compressed message', async () => {
  const reading = Array.fromAsync(readFrames(cut(new Uint8Array([1, 0, 0, 0, 0]), 5)))
  expect(await messageOf(reading)).toContain('compressed messages are not supported')
})

test('readFrames() refuses a stream that ends in the middle of a message', async () => {
  const reading = Array.fromAsync(readFrames(cut(frames.subarray(0, 20), 20)))
  expect(await messageOf(reading)).toContain('the stream ended in the middle of a message')
})
