import { expect, test } from 'bun:test'
import { createServer, type Socket } from 'node:net'
import { toBuffer } from '#stream'
import { expectCode } from '../testing/expect-code.ts'
import { blob, instantRetries, noise } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

interface Server extends AsyncDisposable {
  readonly host: string
  /** The start offset of each request. */
  readonly starts: number[]
}

/** Answers a request for bytes from `start` on with its head, and leaves the body to `send`. */
async function listen(
  raw: Uint8Array,
  send: (socket: Socket, start: number, count: number) => void,
): Promise<Server> {
  const starts: number[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (head) => {
      const start = Number(/range: bytes=(\d+)-/i.exec(head.toString())?.[1] ?? 0)
      starts.push(start)
      const range = `Content-Range: bytes ${start}-${raw.length - 1}/${raw.length}\r\n`
      const status = start === 0 ? '200 OK' : '206 Partial Content'
      const length = `Content-Length: ${raw.length - start}\r\n`
      socket.write(`HTTP/1.1 ${status}\r\n${length}${start === 0 ? '' : range}\r\n`)
      send(socket, start, starts.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    host: `127.0.0.1:${port}`,
    starts,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const connect = ({ host }: Server, silence: number, attempts = 5) =>
  connectRegistry(host, { retry: { ...instantRetries(attempts), silence } }).repository('app')

test('read() continues over another connection when a body stalls', async () => {
  const { raw, descriptor } = blob(noise(100_000))
  await using server = await listen(raw, (socket, start, count) => {
    socket.write(raw.subarray(start, count < 3 ? start + 30_000 : undefined))
  })
  expect(await toBuffer(connect(server, 100).read(descriptor), 1e6)).toEqual(raw)
  expect(server.starts).toEqual([0, 30_000, 60_000])
})

test('read() fails when every body stalls', async () => {
  const { raw, descriptor } = blob(noise(1000))
  await using server = await listen(raw, () => {})
  const reading = toBuffer(connect(server, 30, 3).read(descriptor), 1e6)
  expect(await expectCode(reading, ['UNAVAILABLE'])).toContain('it does not answer')
  expect(server.starts).toEqual([0, 0, 0])
})

test('read() accepts a body that is slow but does not stall', async () => {
  const { raw, descriptor } = blob(noise(1000))
  await using server = await listen(raw, (socket) => {
    let at = 0
    const timer = setInterval(() => {
      socket.write(raw.subarray(at, at + 100))
      at += 100
      if (at >= raw.length) clearInterval(timer)
    }, 100)
  })
  expect(await toBuffer(connect(server, 500).read(descriptor), 1e6)).toEqual(raw)
  expect(server.starts).toEqual([0])
})

test('read() keeps the connection while its reader takes time', async () => {
  const { raw, descriptor } = blob(noise(16 * 1024 * 1024))
  await using server = await listen(raw, (socket, start) => socket.write(raw.subarray(start)))
  let slept = false
  let size = 0
  for await (const chunk of connect(server, 150).read(descriptor)) {
    size += chunk.byteLength
    if (!slept) await Bun.sleep(600)
    slept = true
  }
  expect(size).toBe(raw.length)
  expect(server.starts).toEqual([0])
})
