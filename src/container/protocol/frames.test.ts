import { expect, test } from 'bun:test'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { createFrameDecoder, encodeFrame, type Frame } from './frames.ts'

const frames: readonly Frame[] = [
  { kind: 'hello', hello: { output: true, patient: false } },
  { kind: 'stdin', data: new Uint8Array([1, 2, 3]) },
  { kind: 'stdout', data: new Uint8Array(0) },
  { kind: 'stderr', data: new Uint8Array(70_000).fill(7) },
  { kind: 'end' },
  { kind: 'resize', rows: 24, columns: 80 },
  { kind: 'signal', signal: 'SIGINT' },
  { kind: 'wake' },
  { kind: 'exit', code: 137 },
]

for (const size of [1, 3, 1000, 1_000_000]) {
  test(`createFrameDecoder() puts frames together from pieces of ${size} bytes`, () => {
    const bytes = Buffer.concat(frames.map(encodeFrame))
    const decode = createFrameDecoder()
    const found: Frame[] = []
    for (let start = 0; start < bytes.length; start += size) {
      found.push(...decode(new Uint8Array(bytes.subarray(start, start + size))))
    }
    expect(found).toEqual([...frames])
  })
}

test('createFrameDecoder() keeps what it was given when that memory is used again', async () => {
  const bytes = Buffer.concat(frames.map(encodeFrame))
  const decode = createFrameDecoder()
  const found: Frame[] = []
  for await (const chunk of overwriting(bytes, 1000)) found.push(...decode(chunk))
  expect(found).toEqual([...frames])
})

test('createFrameDecoder() refuses what no monitor sends', () => {
  expect(() => createFrameDecoder()(new Uint8Array([1, 0xff, 0, 0, 0]))).toThrow(RangeError)
  expect(() => createFrameDecoder()(new Uint8Array([99, 0, 0, 0, 0]))).toThrow(RangeError)
})
