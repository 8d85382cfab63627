import { expect, test } from 'bun:test'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { createFrameDecoder, encodeFrame, type Frame, splitFrame } from './frames.ts'

const frames: readonly Frame[] = [
  { kind: 'hello', hello: { output: true } },
  { kind: 'stdin', data: new Uint8Array([1, 2, 3]) },
  { kind: 'stdout', data: new Uint8Array(0) },
  { kind: 'stderr', data: new Uint8Array(60_000).fill(7) },
  { kind: 'end' },
  { kind: 'resize', rows: 24, columns: 80 },
  { kind: 'wake' },
  { kind: 'exit', code: 137 },
  { kind: 'hold', isHeld: true },
  { kind: 'probe' },
  { kind: 'probed', result: { status: 'healthy', exitCode: 0, output: 'a\n' } },
  { kind: 'probed', result: undefined },
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

test('createFrameDecoder() copies chunks, because the caller reuses their memory', async () => {
  const bytes = Buffer.concat(frames.map(encodeFrame))
  const decode = createFrameDecoder()
  const found: Frame[] = []
  for await (const chunk of overwriting(bytes, 1000)) found.push(...decode(chunk))
  expect(found).toEqual([...frames])
})

test('createFrameDecoder() refuses a length that no monitor sends', () => {
  expect(() => createFrameDecoder()(new Uint8Array([1, 0xff, 0, 0, 0]))).toThrow(RangeError)
})

test('createFrameDecoder() leaves out frames and fields of a later version', () => {
  const unknown = new Uint8Array([99, 0, 0, 0, 2, 1, 2])
  const more = Buffer.from('{"code":3,"reason":"later"}')
  const exit = Buffer.concat([
    encodeFrame({ kind: 'exit', code: 3 }).subarray(0, 1),
    lengthOf(more),
    more,
  ])
  const bytes = Buffer.concat([unknown, exit, unknown, encodeFrame({ kind: 'wake' })])
  expect(createFrameDecoder()(new Uint8Array(bytes))).toEqual([
    { kind: 'exit', code: 3 },
    { kind: 'wake' },
  ])
})

function lengthOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array([0, 0, 0, bytes.length])
}

test('splitFrame() makes frames that a decoder accepts, with all bytes in order', () => {
  const data = new Uint8Array(200_000).map((_, index) => index % 251)
  const decode = createFrameDecoder()
  const parts = [...splitFrame({ kind: 'stdin', data })].flatMap((part) =>
    decode(encodeFrame(part)),
  )
  expect(
    Buffer.concat(parts.map((part) => ('data' in part ? part.data : new Uint8Array()))),
  ).toEqual(Buffer.from(data))
  expect([...splitFrame({ kind: 'end' })]).toEqual([{ kind: 'end' }])
})
