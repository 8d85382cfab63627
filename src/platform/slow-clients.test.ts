import { expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { serve } from './serve.ts'

/** A connection that sends `text` and then no complete request. */
async function open(port: number, text: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await new Promise<void>((resolve) => socket.once('connect', resolve))
  socket.write(text)
  return socket
}

test('serve() answers while hundreds of connections send no request, and closes those', async () => {
  await using server = await serve(async (request) => new Response(await request.text()))
  const slow: Socket[] = []
  for (let at = 0; at < 100; at++) {
    slow.push(await open(server.port, ''))
    slow.push(await open(server.port, 'POST /x HTTP/1.1\r\nHost: local'))
    slow.push(await open(server.port, 'GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: '))
  }
  const closed = slow.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  // A client that sends a byte now and then must not keep its connection for ever.
  const dripping = setInterval(() => {
    for (const socket of slow) if (!socket.destroyed) socket.write('x')
  }, 500)
  try {
    const post = (body: string): Promise<Response> =>
      fetch(server.url, { method: 'POST', body, keepalive: false })
    for (let at = 0; at < 20; at++) expect(await (await post(`${at}`)).text()).toBe(`${at}`)
    await Promise.all(closed)
    expect(await (await post('after')).text()).toBe('after')
  } finally {
    clearInterval(dripping)
    for (const socket of slow) socket.destroy()
  }
}, 120_000)

test('serve() waits for a slow body after a complete head, and for a slow handler', async () => {
  await using server = await serve(async (request) => new Response(await request.text()))
  const socket = await open(
    server.port,
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\nab',
  )
  let answer = ''
  socket.on('data', (data) => {
    answer += data
  })
  const ended = new Promise((resolve) => socket.once('close', resolve))
  await Bun.sleep(500)
  socket.write('cd')
  await ended
  expect(answer).toStartWith('HTTP/1.1 200 OK\r\n')
  expect(answer).toEndWith('abcd')
})
