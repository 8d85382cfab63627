import { afterAll, afterEach, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createActivity } from './activity.ts'
import type { ApiHandler } from './handler.ts'
import { type ApiServer, type ServeApiOptions, serveApi } from './serve-api.ts'

const directory = mkdtempSync(join(tmpdir(), 'serve-api-'))
const path = join(directory, 'api.sock')
let server: ApiServer | undefined

afterEach(async () => {
  await server?.[Symbol.asyncDispose]()
  server = undefined
  rmSync(path, { force: true })
})
afterAll(() => rmSync(directory, { recursive: true }))

type Options = Omit<ServeApiOptions, 'place'>

const start = async (handler: ApiHandler, options: Options = {}): Promise<void> => {
  server = await serveApi(handler, { place: { unix: path }, ...options })
}

/** Sends texts one after the other, each in a packet of its own, ends, and returns everything received. */
async function exchange(...packets: readonly string[]): Promise<string> {
  const socket = await open()
  const received = readAll(socket)
  for (const packet of packets) {
    socket.write(packet)
    await Bun.sleep(20)
  }
  socket.end()
  return await received
}

async function open(): Promise<Socket> {
  const socket = connect({ path, allowHalfOpen: true })
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

async function readAll(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

/** Echoes its input, and then the number of its bytes once the client has ended its side. */
function echo(connection: Duplex): void {
  let size = 0
  connection.on('data', (chunk: Uint8Array) => {
    size += chunk.length
    if (!connection.write(chunk)) {
      connection.pause()
      connection.once('drain', () => connection.resume())
    }
  })
  connection.once('end', () => connection.end(`[${size}]`))
}

const echoing: ApiHandler = async (request, { upgrade }) => {
  const body = await request.text()
  if (upgrade === undefined) return new Response(`plain ${body}`)
  return upgrade.accept({ 'Content-Type': 'application/vnd.docker.raw-stream' }, (connection) => {
    connection.write(`<${body}>`)
    echo(connection)
  })
}

const head = (length: number): string =>
  `POST /x HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: ${length}\r\n\r\n`

const accepted =
  'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n'

describe('serveApi()', () => {
  test('serveApi() hands over the connection with body, bytes of the same packet and half-close', async () => {
    await start(echoing)
    const splits = [
      [`${head(5)}helloraw`],
      [`${head(5)}hello`, 'raw'],
      [head(5), 'helloraw'],
      [`${head(5)}he`, 'lloraw'],
      [head(5).slice(0, 30), `${head(5).slice(30)}h`, 'ell', 'oraw'],
    ]
    for (const packets of splits)
      expect(await exchange(...packets)).toBe(`${accepted}<hello>raw[3]`)
    expect(await exchange(`${head(0)}raw`)).toBe(`${accepted}<>raw[3]`)
  })

  test('serveApi() answers requests without an upgrade, several on one connection', async () => {
    await start(echoing)
    const request = 'POST /x HTTP/1.1\r\nHost: d\r\nContent-Length: 2\r\n\r\nok'
    const answer = await exchange(`${request}${request}`)
    expect(answer.match(/plain ok/g)).toHaveLength(2)
  })

  test('serveApi() sends an ordinary response to an upgrade that the handler refuses', async () => {
    await start(async () => new Response('{"message":"no"}', { status: 404 }))
    const answer = await exchange(head(0))
    expect(answer).toStartWith('HTTP/1.1 404')
    expect(answer).toEndWith('{"message":"no"}')
  })

  test('serveApi() streams a response without an end to a client that offers HTTP/2', async () => {
    const events = new ReadableStream({ start: (controller) => controller.enqueue('first\n') })
    await start(async () => new Response(events))
    const socket = await open()
    socket.write('GET /events HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
    let text = ''
    for await (const chunk of socket) {
      text += chunk
      if (text.includes('first\n')) break
    }
    expect(text).toStartWith('HTTP/1.1 200')
  })

  test('serveApi() answers a request whose target is no path, and ignores a host with a path', async () => {
    await start(async ({ url }) => new Response(new URL(url).pathname))
    const ask = async (target: string, host: string): Promise<string> => {
      const answer = await exchange(
        `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      return answer.match(/\/[^\r]*(?=\r\n0\r\n)/)?.[0] ?? answer
    }
    expect(await ask('*', 'd')).toBe('/*')
    expect(await ask('http://[', 'd')).toEndWith('[')
    expect(await ask('/a', 'x/other?')).toBe('/a')
  })

  const chunkedHead = head(0).replace('Content-Length: 0', 'Transfer-Encoding: chunked')

  test('serveApi() reads a chunked body of an upgrade, however it is cut', async () => {
    await start(echoing)
    const whole = `${chunkedHead}4\r\nhell\r\n1;x=y\r\no\r\n0\r\nTrailer: x\r\n\r\nraw`
    for (const at of [1, chunkedHead.length, chunkedHead.length + 2, whole.length - 5]) {
      const answer = await exchange(whole.slice(0, at), whole.slice(at))
      expect([at, answer]).toEqual([at, `${accepted}<hello>raw[3]`])
    }
  })

  test('serveApi() refuses a body of an upgrade that is too large or malformed', async () => {
    await start(echoing)
    expect(await exchange(head(10_000_000))).toStartWith('HTTP/1.1 413')
    for (const body of ['xyz\r\n', '5\r\nhelloX\r\n', '200000\r\n', '5\r\nhel']) {
      expect([body, await exchange(chunkedHead + body)]).toEqual([
        body,
        expect.stringContaining('HTTP/1.1 413'),
      ])
    }
  })

  test('serveApi() survives a client that breaks a taken connection off', async () => {
    await start(async (_, { upgrade }) => upgrade?.accept({}, () => {}) ?? new Response('fine'))
    // The bytes after the head travel with it, or in a packet of their own.
    for (const packets of [[`${head(0)}raw`], [head(0), 'raw']]) {
      const socket = await open()
      for (const packet of packets) {
        socket.write(packet)
        await Bun.sleep(20)
      }
      socket.resetAndDestroy()
      await Bun.sleep(20)
    }
    expect(await exchange('GET / HTTP/1.1\r\nHost: d\r\n\r\n')).toContain('fine')
  })

  test('serveApi() closes a taken connection whose client has closed both directions', async () => {
    for (const isRead of [false, true]) {
      const closed = Promise.withResolvers<void>()
      const ended: boolean[] = []
      const use = (connection: Duplex): void => {
        if (isRead) connection.resume()
        connection.once('end', () => ended.push(true))
        connection.once('close', () => closed.resolve())
      }
      await start(async (_, { upgrade }) => upgrade?.accept({}, use) ?? new Response('fine'))
      const socket = await open()
      socket.write(head(0))
      // Everything is read, so that the kernel does not tell of a connection that was broken off.
      await new Promise((resolve) => socket.once('data', resolve))
      if (isRead) {
        socket.end()
        await Bun.sleep(100)
        expect(ended).toEqual([true])
        const state = await Promise.race([closed.promise, Bun.sleep(1500).then(() => 'open')])
        expect(state).toBe('open')
      } else socket.write('unread')
      socket.destroy()
      await closed.promise
      await server?.[Symbol.asyncDispose]()
      rmSync(path, { force: true })
    }
  })

  test('serveApi() cancels the body of a response whose client leaves', async () => {
    const cancelled = Promise.withResolvers<void>()
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode('first')),
      cancel: () => cancelled.resolve(),
    })
    await start(async () => new Response(body))
    const socket = await open()
    socket.write('GET / HTTP/1.1\r\nHost: d\r\n\r\n')
    await new Promise((resolve) => socket.once('data', resolve))
    socket.destroy()
    await cancelled.promise
  })

  test('serveApi() ends a connection whose head does not come, and no other', async () => {
    await start(async () => new Response('fine'), { patience: { head: 200 } })
    const request = 'GET / HTTP/1.1\r\nHost: d\r\n\r\n'
    const silent = await open()
    const slow = await open()
    slow.write('GET / HTTP/1.1\r\nHo')
    const between = await open()
    between.write(request)
    await new Promise((resolve) => between.once('data', resolve))
    expect(await readAll(slow)).toBe('')
    for (const socket of [silent, between]) {
      socket.end(request)
      expect(await readAll(socket)).toContain('fine')
    }
  })

  test('serveApi() ends a connection that stays silent for too long', async () => {
    await start(async () => new Response('fine'), { patience: { head: 100, silence: 200 } })
    expect(await readAll(await open())).toBe('')
  })

  test('serveApi() closes connections above the limit, and takes new ones later', async () => {
    await start(async () => new Response('fine'), { mostConnections: 2 })
    const held = [await open(), await open()]
    const refused = await open()
      .then(readAll)
      .catch(() => '')
    expect(refused).toBe('')
    for (const socket of held) socket.destroy()
    await Bun.sleep(50)
    expect(await exchange('GET / HTTP/1.1\r\nHost: d\r\n\r\n')).toContain('fine')
  })

  test('serveApi() counts requests and taken connections as activity', async () => {
    const activity = createActivity()
    await start(echoing, { activity })
    const idle = (milliseconds: number): Promise<string> =>
      Promise.race([
        activity.idle(milliseconds, new AbortController().signal).then(() => 'idle'),
        Bun.sleep(300).then(() => 'busy'),
      ])
    const kept = await open()
    kept.write('GET / HTTP/1.1\r\nHost: d\r\n\r\n')
    await new Promise((resolve) => kept.once('data', resolve))
    expect(await idle(50)).toBe('idle')
    const taken = await open()
    taken.write(head(0))
    await new Promise((resolve) => taken.once('data', resolve))
    expect(await idle(50)).toBe('busy')
    taken.end()
    expect(await idle(50)).toBe('idle')
    kept.destroy()
  })

  test('serveApi() ends the connection of a handler that throws, and serves the next one', async () => {
    let isFirst = true
    await start(async () => {
      if (!isFirst) return new Response('fine')
      isFirst = false
      throw new Error('broken')
    })
    expect(await exchange('GET / HTTP/1.1\r\nHost: d\r\n\r\n')).toBe('')
    expect(await exchange('GET / HTTP/1.1\r\nHost: d\r\n\r\n')).toContain('fine')
  })

  test('serveApi() hands over a connection that begins with HTTP/2', async () => {
    await start(echoing, { onHttp2: echo })
    expect(await exchange('PRI * HTTP/2.0\r\n\r\n', 'more')).toBe('PRI * HTTP/2.0\r\n\r\nmore[22]')
  })

  test('serveApi() carries 64 MB each way over a taken connection', async () => {
    await start(echoing)
    const socket = await open()
    socket.write(head(0))
    const size = 64 * 1024 * 1024
    const received = (async () => {
      let count = 0
      for await (const chunk of socket) count += chunk.length
      return count
    })()
    const chunk = Buffer.alloc(1024 * 1024, 'x')
    for (let sent = 0; sent < size; sent += chunk.length) {
      if (!socket.write(chunk)) await new Promise((resolve) => socket.once('drain', resolve))
    }
    socket.end()
    expect(await received).toBe(accepted.length + 2 + size + `[${size}]`.length)
  })

  test('serveApi() aborts the request of a client that leaves', async () => {
    const left = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    await start(async ({ signal }) => {
      signal.addEventListener('abort', () => left.resolve())
      begun.resolve()
      await left.promise
      return new Response()
    })
    const socket = await open()
    socket.write('GET / HTTP/1.1\r\nHost: d\r\n\r\n')
    await begun.promise
    socket.destroy()
    await left.promise
  })
})
