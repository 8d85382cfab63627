import { afterEach, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import type { Handler } from '#http'
import { type ApiServer, serveApi } from '#platform/api-server/serve-api'
import { ApiError } from '../failure.ts'
import type { Conversation } from './connection.ts'
import { webSocketOf, webSocketOver } from './web-socket.ts'

const all = { stdin: true, stdout: true, stderr: true, tty: false }

let server: ApiServer | undefined
afterEach(async () => {
  await server?.[Symbol.asyncDispose]()
})

/** Serves web sockets whose conversations `use` holds. */
async function serve(
  use: (conversation: Conversation) => void,
  choice: Partial<typeof all> = {},
): Promise<number> {
  const handler: Handler = async (request, { upgrade }) => {
    try {
      const accept = webSocketOf(request, upgrade)
      return accept((socket) => use(webSocketOver(socket, { ...all, ...choice }, 'binary')))
    } catch (error) {
      return new Response(null, { status: error instanceof ApiError ? error.status : 500 })
    }
  }
  server = await serveApi(handler, { place: { hostname: '127.0.0.1', port: 0 } })
  return server.port
}

/** Sends the input back, and ends with it. */
async function echo({ streams, end }: Conversation): Promise<void> {
  for await (const piece of streams.input) {
    if (new TextDecoder().decode(piece) === 'bye') break
    await streams.output('stdout', piece)
  }
  end()
}

async function openSocket(port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`)
  socket.binaryType = 'arraybuffer'
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = reject
  })
  return socket
}

const next = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => {
    socket.onmessage = ({ data }) => resolve(new TextDecoder().decode(data))
  })

const closed = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((resolve) => {
    socket.onclose = resolve
  })

test('a client of the platform talks, and the server ends the conversation', async () => {
  const socket = await openSocket(await serve((conversation) => void echo(conversation)))
  for (const text of ['one', 'two', 'x'.repeat(70)]) {
    const answer = next(socket)
    socket.send(text)
    expect(await answer).toBe(text)
  }
  const end = closed(socket)
  socket.send('bye')
  expect(await end).toMatchObject({ code: 1000, wasClean: true })
})

test('a client that closes ends its input, and has left', async () => {
  const ended = Promise.withResolvers<number>()
  const port = await serve(({ streams, left }) => {
    left.addEventListener('abort', async () => {
      ended.resolve((await Array.fromAsync(streams.input)).length)
    })
  })
  const socket = await openSocket(port)
  const end = closed(socket)
  socket.close(1000)
  expect(await end).toMatchObject({ code: 1000, wasClean: true })
  expect(await ended.promise).toBe(0)
})

test('requests that open no web socket get 400', async () => {
  const port = await serve(() => {})
  const key = 'dGhlIHNhbXBsZSBub25jZQ=='
  const right = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': key,
    'Sec-WebSocket-Version': '13',
  }
  const accepted = await raw(port, { ...right, 'Sec-WebSocket-Protocol': 'tty' })
  // The value that RFC 6455 computes for this key.
  expect(accepted.head).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n')
  expect(accepted.head).toContain('Sec-WebSocket-Protocol: tty\r\n')
  expect(accepted.head).toStartWith('HTTP/1.1 101 Switching Protocols\r\n')
  accepted.socket.destroy()
  const wrong = [
    { 'Sec-WebSocket-Version': '8' },
    { 'Sec-WebSocket-Key': 'short' },
    { 'Sec-WebSocket-Key': '' },
    { Upgrade: 'tcp' },
  ]
  for (const headers of wrong) {
    const { head, socket } = await raw(port, { ...right, ...headers })
    expect(head).toStartWith('HTTP/1.1 400 ')
    socket.destroy()
  }
  expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBe(400)
})

test('a frame without a mask ends the connection with the status 1002', async () => {
  let left: AbortSignal | undefined
  const port = await serve((conversation) => {
    left = conversation.left
  })
  const { socket } = await raw(port)
  socket.write(Buffer.from([0x82, 1, 0x61]))
  expect(await received(socket)).toEqual([0x88, 2, 1002 >> 8, 1002 & 0xff])
  expect(left?.aborted).toBe(true)
})

test('a ping is answered although nobody reads the input before it', async () => {
  const port = await serve(() => {}, { stdin: false })
  const { socket } = await raw(port)
  const zeros = [0x82, 0xfe, 0xff, 0, 0, 0, 0, 0, ...new Uint8Array(0xff00)]
  for (let count = 0; count < 10; count += 1) socket.write(Buffer.from(zeros))
  socket.write(Buffer.from([0x89, 0x81, 0, 0, 0, 0, 0x61]))
  socket.end(Buffer.from([0x88, 0x80, 0, 0, 0, 0]))
  expect(await received(socket)).toEqual([0x8a, 1, 0x61, 0x88, 2, 1000 >> 8, 1000 & 0xff])
})

test('output waits for a client that does not read', async () => {
  let sent = 0
  const port = await serve(async ({ streams, left }) => {
    while (!left.aborted && sent < 200) {
      await streams.output('stdout', new Uint8Array(1024 * 1024)).catch(() => {})
      sent += 1
    }
  })
  const { socket } = await raw(port)
  socket.pause()
  await Bun.sleep(500)
  expect(sent).toBeLessThan(50)
  socket.destroy()
})

/** Opens a web socket by hand, and returns the head of the response. */
async function raw(
  port: number,
  headers: Readonly<Record<string, string>> = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
  },
): Promise<{ readonly socket: Socket; readonly head: string }> {
  const socket = connect(port, '127.0.0.1')
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${lines.join('')}\r\n`)
  const head = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
  return { socket, head: head.toString() }
}

/** Everything that the server sends until it ends the connection. */
async function received(socket: Socket): Promise<number[]> {
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return [...Buffer.concat(chunks)]
}
