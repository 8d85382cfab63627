import { expect, test } from 'bun:test'
import { limits } from '#oci'
import { toBuffer } from '#stream'
import type { Repository } from '../registry.ts'
import { expectCode } from '../testing/expect-code.ts'
import { blob, instantRetries, manifest, noise, type Peer, peer } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const connect = ({ fetch }: Pick<Peer, 'fetch'>): Repository =>
  connectRegistry('localhost', { fetch, retry: instantRetries(2) }).repository('app')

function endless(chunk: Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
  const sent = { bytes: 0 }
  const server = peer((request) => {
    if (request.method === 'HEAD') return undefined
    const body = new ReadableStream({
      pull(controller) {
        sent.bytes += chunk.byteLength
        controller.enqueue(chunk)
      },
    })
    return new Response(body, { headers })
  })
  return { ...server, sent }
}

/** The message for a body that is too long, which differs from that for other content. */
const tooLong = (size: number): string => `expected ${size} bytes, got more bytes`

/** Chunks of a body without an announced length. */
function inPieces(...pieces: readonly Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece.slice())
      controller.close()
    },
  })
}

test('read() stops at the size of the descriptor, even if the server sends more', async () => {
  const { descriptor } = blob(noise(100_000))
  const server = endless(new Uint8Array(1000))
  const reading = toBuffer(connect(server).read(descriptor), 1e9)
  expect(await expectCode(reading, ['DIGEST_INVALID'])).toContain(tooLong(100_000))
  expect(server.sent.bytes).toBeLessThan(120_000)
})

test('read() yields no byte beyond the size', async () => {
  const { descriptor } = blob('x'.repeat(1500))
  let yielded = 0
  const reading = (async () => {
    const server = endless(new Uint8Array(1000))
    for await (const chunk of connect(server).read(descriptor)) yielded += chunk.byteLength
  })()
  expect(await expectCode(reading, ['DIGEST_INVALID'])).toContain(tooLong(1500))
  expect(yielded).toBeLessThanOrEqual(1500)
})

test('read() refuses a body that continues after the right content', async () => {
  const { raw, descriptor } = blob(noise(1500))
  for (const readerVerifies of [false, true]) {
    for (const surplus of [raw.subarray(0, 1), new Uint8Array(4000)]) {
      const { fetch } = peer(() => new Response(inPieces(raw, surplus)))
      const reading = toBuffer(connect({ fetch }).read(descriptor, { readerVerifies }), 1e9)
      expect(await expectCode(reading, ['DIGEST_INVALID'])).toContain(tooLong(1500))
    }
  }
})

test('read() of a part stops at its end, even if the server sends more', async () => {
  const { raw, descriptor } = blob(noise(5000))
  const { fetch } = peer(() => new Response(inPieces(raw.subarray(0, 1500), raw.subarray(1500))))
  const read = (start: number, end: number): Promise<Uint8Array> =>
    toBuffer(connect({ fetch }).read(descriptor, { start, end }), 1e9)
  for (const [start, end] of [
    [0, 10],
    [1000, 1501],
    [1499, 1500],
    [1600, 5000],
  ] as const) {
    expect(await read(start, end)).toEqual(raw.slice(start, end))
  }
})

test('read() of an endless manifest stops at 4 MiB', async () => {
  const { descriptor } = manifest()
  const server = endless(new Uint8Array(65_536))
  await expectCode(toBuffer(connect(server).read(descriptor), 1e9), ['SIZE_INVALID'])
  expect(server.sent.bytes).toBeLessThan(limits.manifestSize + 300_000)
})

test('an endless error answer is read up to 64 KiB', async () => {
  let sent = 0
  const server = peer(() => {
    const body = new ReadableStream({
      pull(controller) {
        sent += 1024
        controller.enqueue(new Uint8Array(1024).fill(0x20))
      },
    })
    return new Response(body, { status: 403 })
  })
  await expectCode(connect(server).mount(blob('x').descriptor.digest), ['DENIED'])
  expect(sent).toBeLessThan(200_000)
})

test('a length that contradicts the descriptor is refused before a byte is read', async () => {
  const { descriptor } = blob('twelve bytes')
  const server = peer(
    () => new Response('twelve bytes and more', { headers: { 'Content-Length': '21' } }),
  )
  const reading = toBuffer(connect(server).read(descriptor), 100)
  expect(await expectCode(reading, ['DIGEST_INVALID'])).toContain('expected 12 bytes, got 21 bytes')
  expect(server.requests.length).toBe(1)
})

test('more than 16 KiB of headers are refused', async () => {
  const server = peer(() => new Response('x', { headers: { 'X-Much': 'y'.repeat(20_000) } }))
  await expectCode(connect(server).resolve('1'), ['UNAVAILABLE'])
})
