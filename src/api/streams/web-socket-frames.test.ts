import { expect, test } from 'bun:test'
import { type ClientFrame, readFrames, serverFrame } from './web-socket-frames.ts'

const mask = [0x11, 0x22, 0x33, 0x44]

/** A masked frame with a short length. */
function frameOf(first: number, text: string): number[] {
  const bytes = [...new TextEncoder().encode(text)]
  const masked = bytes.map((byte, index) => byte ^ (mask[index % 4] ?? 0))
  return [first, 0x80 | bytes.length, ...mask, ...masked]
}

async function* inPieces(bytes: readonly number[], size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield Uint8Array.from(bytes.slice(at, at + size))
  }
}

const read = (bytes: readonly number[], size = 4096): Promise<ClientFrame[]> =>
  Array.fromAsync(readFrames(inPieces(bytes, size)))

const textOf = (frames: readonly ClientFrame[]): string =>
  frames.map(({ kind, bytes }) => `${kind[0]}${new TextDecoder().decode(bytes)}`).join(' ')

test('readFrames() joins no parts, and yields control frames between them', async () => {
  const bytes = [
    ...frameOf(0x02, 'ab'),
    ...frameOf(0x89, 'x'),
    ...frameOf(0x00, 'cd'),
    ...frameOf(0x80, ''),
    ...frameOf(0x81, 'text'),
    ...frameOf(0x88, '\u0003\u0001'),
  ]
  expect(textOf(await read(bytes))).toBe('dab px dcd dtext c\u0003\u0001')
  const single = await read(bytes, 1)
  const data = single.filter(({ kind }) => kind === 'data')
  expect(textOf(data).replaceAll(/d(.) ?/g, '$1')).toBe('abcdtext')
})

test('readFrames() ends without an error where the connection ends', async () => {
  const whole = frameOf(0x82, 'abcdef')
  for (let length = 0; length < whole.length; length += 1) {
    const frames = await read(whole.slice(0, length))
    expect(frames.every(({ kind }) => kind === 'data')).toBe(true)
  }
})

test('readFrames() yields a long message in pieces as they come', async () => {
  // The head announces 2^40 bytes.
  const head = [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, ...mask]
  let sent = 0
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Uint8Array.from(head)
    for (; ; sent += 1) yield new Uint8Array(4096)
  }
  let received = 0
  for await (const { bytes } of readFrames(endless())) {
    expect(bytes.length).toBe(4096)
    expect([bytes[0], bytes[5]]).toEqual([0x11, 0x22])
    received += 1
    expect(sent - received).toBeLessThan(2)
    if (received === 100) break
  }
})

test('readFrames() refuses what no client may send', async () => {
  const hostile: Readonly<Record<string, readonly number[]>> = {
    'has no mask': [0x82, 0x01, 0x61],
    'uses reserved bits': frameOf(0xc2, 'a'),
    'of an unknown kind': frameOf(0x83, 'a'),
    'too long or in parts': frameOf(0x09, 'a'),
    'control frame is too long': [0x89, 0xfe, 0, 126, ...mask],
    'out of order': frameOf(0x80, 'a'),
    'is out of order': [...frameOf(0x02, 'a'), ...frameOf(0x82, 'b')],
    'more bytes than it needs': [0x82, 0xfe, 0, 125, ...mask],
    'takes more bytes': [0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...mask],
    'frame is too long': [0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, ...mask],
    'has one byte': frameOf(0x88, 'a'),
  }
  for (const [words, bytes] of Object.entries(hostile)) {
    await expect(read(bytes)).rejects.toThrow(words)
  }
})

test('serverFrame() writes lengths in the shortest form', () => {
  const headOf = (size: number): number[] => [...serverFrame(2, new Uint8Array(size)).slice(0, 10)]
  expect(headOf(3)).toEqual([0x82, 3, 0, 0, 0])
  expect(headOf(125).slice(0, 2)).toEqual([0x82, 125])
  expect(headOf(126).slice(0, 4)).toEqual([0x82, 126, 0, 126])
  expect(headOf(65_536)).toEqual([0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0])
})
