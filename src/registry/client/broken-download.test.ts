import { expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { toBuffer } from '#stream'
import type { Repository } from '../registry.ts'
import { expectCode } from '../testing/expect-code.ts'
import {
  blob,
  type Fixture,
  instantRetries,
  noise,
  peer,
  serveContent,
} from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const mebibyte = 1024 * 1024

interface Line {
  readonly port: number
  readonly stats: { requests: number; bytes: number; ranges: string[] }
}

/** A server on a bare socket that breaks the connection after `size` bytes of every body. */
async function listen(
  content: Fixture,
  size: number,
  end: (socket: Socket) => void,
): Promise<Line & AsyncDisposable> {
  const stats = { requests: 0, bytes: 0, ranges: [] as string[] }
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (head) => {
      stats.requests += 1
      const range = /range: bytes=(\d+)-/i.exec(head.toString())
      const start = Number(range?.[1] ?? 0)
      if (range !== null) stats.ranges.push(String(start))
      const { length } = content.raw
      const status = range === null ? '200 OK' : '206 Partial Content'
      const lines = [`HTTP/1.1 ${status}`, `Content-Length: ${length - start}`]
      if (range !== null) lines.push(`Content-Range: bytes ${start}-${length - 1}/${length}`)
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      const part = content.raw.subarray(start, start + size)
      stats.bytes += part.length
      socket.write(part, () => end(socket))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    port,
    stats,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const connect = (port: number): Repository =>
  connectRegistry(`127.0.0.1:${port}`, { retry: instantRetries() }).repository('app')

for (const [how, end] of [
  ['reset', (socket: Socket) => setTimeout(() => socket.resetAndDestroy(), 20)],
  ['closed', (socket: Socket) => socket.end()],
] as const) {
  test(`read() continues after every connection that was ${how}`, async () => {
    const content = blob(noise(8 * mebibyte + 12_345))
    await using server = await listen(content, mebibyte, end)
    const bytes = await toBuffer(connect(server.port).read(content.descriptor), 1e9)
    expect(bytes).toEqual(content.raw)
    expect(server.stats.requests).toBeGreaterThan(5)
    // Each break loses some bytes in transit. Downloads from the start would send several times as much.
    expect(server.stats.bytes).toBeLessThan(content.raw.length * 2)
  })
}

test('read() fails when connections bring no further bytes', async () => {
  const content = blob(noise(1000))
  await using server = await listen(content, 0, (socket) => socket.end())
  await expectCode(toBuffer(connect(server.port).read(content.descriptor), 1e9), ['UNAVAILABLE'])
  expect(server.stats.requests).toBe(5)
})

/** Breaks the first body after half of it, then answers with `second`. */
function halfway(content: Fixture, second: (request: Request) => Response) {
  const half = content.raw.length / 2
  return peer((request, count) => {
    if (count > 1) return second(request)
    let sent = false
    const body = new ReadableStream({
      pull(controller) {
        if (sent) return controller.error(new TypeError('ECONNRESET'))
        sent = true
        controller.enqueue(content.raw.slice(0, half))
      },
    })
    return new Response(body)
  })
}

const content = blob(noise(2000))

async function readThrough(second: (request: Request) => Response): Promise<Uint8Array> {
  const { fetch } = halfway(content, second)
  const registry = connectRegistry('localhost', { fetch, retry: instantRetries(3) })
  return toBuffer(registry.repository('app').read(content.descriptor), 1e6)
}

test('read() accepts the whole content instead of the rest', async () => {
  const whole = (): Response => new Response(content.raw)
  expect(await readThrough(whole)).toEqual(content.raw)
})

test('read() does not splice another range', async () => {
  for (const range of [
    'bytes 0-999/2000',
    'bytes 1001-1999/2000',
    'bytes 1000-1998/2000',
    'bytes 1000-2000/2000',
    'bytes 1000-1999/3000',
    'bytes 1000-1999',
    'x',
  ]) {
    const headers = { 'Content-Range': range }
    const other = (): Response => new Response(content.raw.slice(1000), { status: 206, headers })
    const message = await expectCode(readThrough(other), ['UNAVAILABLE'])
    expect(message).toContain('the server sent another range')
  }
})

test('read() detects that the rest belongs to other content', async () => {
  const other = { ...content, raw: noise(2000, 99) }
  const message = await expectCode(
    readThrough((request) => serveContent(request, other)),
    ['DIGEST_INVALID'],
  )
  expect(message).toContain(content.descriptor.digest)
})

test('read() succeeds when a connection breaks after the last byte', async () => {
  const server = peer(() => {
    let sent = false
    const body = new ReadableStream({
      pull(controller) {
        if (sent) return controller.error(new TypeError('ECONNRESET'))
        sent = true
        controller.enqueue(content.raw.slice())
      },
    })
    return new Response(body)
  })
  const registry = connectRegistry('localhost', { fetch: server.fetch, retry: instantRetries(3) })
  const bytes = await toBuffer(registry.repository('app').read(content.descriptor), 1e6)
  expect(bytes).toEqual(content.raw)
  expect(server.requests.length).toBe(1)
})
