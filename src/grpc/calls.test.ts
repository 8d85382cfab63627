import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { connect as connectHttp2 } from 'node:http2'
import type { Socket } from 'node:net'
import { bidi, GrpcClient, type GrpcError, serveGrpc, serverStream, tunnel } from './index.ts'
import { type Connections, listenForConnections } from './testing/connections.ts'
import { Echo, echoMethods, Session } from './testing/echo.ts'

let connections: Connections
const cleanups: (() => void)[] = []
const failures: unknown[] = []
const seen = { cancelled: [] as string[] }

beforeAll(async () => {
  connections = await listenForConnections()
})
afterAll(async () => await connections[Symbol.asyncDispose]())
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
  failures.length = 0
  seen.cancelled.length = 0
})

async function open(): Promise<{ readonly client: GrpcClient; readonly socket: Socket }> {
  const { client: socket, server } = await connections.open()
  const served = serveGrpc(server, echoMethods(seen), {
    onFailure: (error) => failures.push(error),
  })
  const client = new GrpcClient(socket)
  cleanups.push(() => {
    client[Symbol.dispose]()
    served[Symbol.dispose]()
  })
  return { client, socket }
}

const failureOf = async (call: Promise<unknown>): Promise<GrpcError> =>
  await call.then(
    () => {
      throw new Error('the call succeeded')
    },
    (error: GrpcError) => error,
  )

describe('calls', () => {
  test('one message is answered by one', async () => {
    const { client } = await open()
    expect(await client.call(Echo.say, { text: 'a', count: 1 })).toEqual({ text: 'a', count: 2 })
    expect(await client.call(Echo.say, {})).toEqual({ text: '', count: 1 })
  })

  test('metadata keeps lists apart from commas', async () => {
    const { client } = await open()
    const metadata = { 'x-more': ['b', 'c, d'] }
    expect(await client.call(Echo.say, { text: 'a' }, { metadata })).toMatchObject({
      text: 'a b c, d',
    })
  })

  test('one message is answered by many', async () => {
    const { client } = await open()
    const stream = client.open(Echo.repeat)
    await stream.send({ text: 'x', count: 1000 })
    stream.end()
    const counts = await Array.fromAsync(stream, ({ count }) => count)
    expect(counts).toHaveLength(1000)
    expect(counts.at(-1)).toBe(999)
  })

  test('many messages are answered by one', async () => {
    const { client } = await open()
    const stream = client.open(Echo.join)
    for (const text of ['a', 'b', 'c']) await stream.send({ text })
    stream.end()
    expect(await Array.fromAsync(stream)).toEqual([{ text: 'a b c', count: 3 }])
  })

  test('both sides speak in turn', async () => {
    const { client } = await open()
    const stream = client.open(Echo.talk)
    const answers = stream[Symbol.asyncIterator]()
    for (const text of ['a', 'b']) {
      await stream.send({ text })
      expect(await answers.next()).toMatchObject({ value: { text } })
    }
    stream.end()
    expect(await answers.next()).toMatchObject({ done: true })
  })

  test('hundreds of calls run at the same time on one connection', async () => {
    const { client } = await open()
    const calls = Array.from({ length: 250 }, (_, count) => client.call(Echo.say, { count }))
    expect(await failureOf(client.call(Echo.say, {}))).toMatchObject({ code: 'RESOURCE_EXHAUSTED' })
    const answers = await Promise.all(calls)
    expect(answers.map(({ count }) => count)).toEqual(calls.map((_, index) => index + 1))
    expect(await client.call(Echo.say, {})).toMatchObject({ count: 1 })
  })

  test('a list of 2,000 values arrives', async () => {
    const { client } = await open()
    const patterns = Array.from({ length: 2000 }, (_, index) => `some/pattern/of/files/${index}/**`)
    const { text } = await client.call(Echo.say, {}, { metadata: { 'x-more': patterns } })
    expect(text).toHaveLength(patterns.join(' ').length + 1)
  })
})

describe('failures', () => {
  test('a handler that throws gives its code, message and details', async () => {
    const { client } = await open()
    const error = await failureOf(client.call(Echo.fail, { text: '50 % ü' }))
    expect(error).toMatchObject({ code: 'UNKNOWN', message: '50 % ü' })
    expect(error.details.map(({ typeUrl }) => typeUrl)).toEqual(['x'])
    expect(failures).toEqual([])
  })

  test('an error of the program is told to the server, not to the client', async () => {
    const { client } = await open()
    const error = await failureOf(client.call(Echo.fail, {}))
    expect(error).toMatchObject({
      code: 'INTERNAL',
      message: 'Cannot answer the call: the server failed',
    })
    expect(failures).toMatchObject([{ message: 'secret' }])
  })

  test('an error after messages comes after them', async () => {
    const { client } = await open()
    const stream = client.open(Echo.failLate)
    await stream.send({ text: 'late' })
    stream.end()
    const texts: string[] = []
    const reading = (async () => {
      for await (const { text } of stream) texts.push(text)
    })()
    expect(await failureOf(reading)).toMatchObject({ code: 'ABORTED', message: 'late' })
    expect(texts).toEqual(['late'])
  })

  test('an unknown method, and a request that is none, are refused', async () => {
    const { client } = await open()
    const unknown = { ...Echo.say, path: '/strake.Echo/Nothing' }
    expect(await failureOf(client.call(unknown, {}))).toMatchObject({ code: 'UNIMPLEMENTED' })
    const broken = { ...Echo.say, request: { text: ['bytes', 1] } as const }
    const bytes = new Uint8Array([0xc3, 0x28])
    expect(await failureOf(client.call(broken, { text: bytes }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    expect(await client.call(Echo.say, {})).toMatchObject({ count: 1 })
  })

  test('requests of HTTP/2 that are no calls get a status of HTTP', async () => {
    const { client: socket, server } = await connections.open()
    serveGrpc(server, echoMethods())
    const session = connectHttp2('http://localhost', { createConnection: () => socket })
    const status = (headers: Record<string, string>) =>
      new Promise((resolve) => {
        const request = session.request(headers)
        request.on('response', (response) => resolve(response[':status']))
        request.end()
      })
    expect(await status({ ':path': Echo.say.path })).toBe(405)
    expect(await status({ ':method': 'POST', ':path': Echo.say.path })).toBe(415)
    session.destroy()
  })
})

describe('cancellation', () => {
  test('a signal of the client reaches the handler', async () => {
    const { client } = await open()
    const abort = new AbortController()
    const stream = client.open(Echo.wait, { signal: abort.signal })
    await stream.send({ text: 'a' })
    stream.end()
    const messages = stream[Symbol.asyncIterator]()
    expect(await messages.next()).toMatchObject({ value: { text: 'begun' } })
    abort.abort(new Error('enough'))
    expect(await failureOf(messages.next())).toMatchObject({ message: 'enough' })
    await until(() => seen.cancelled.length > 0)
    expect(seen.cancelled).toEqual(['a: CANCELLED'])
    expect(failures).toEqual([])
  })

  test('a reader that stops early cancels the call, and no other one', async () => {
    const { client } = await open()
    const stream = client.open(Echo.wait)
    await stream.send({ text: 'b' })
    stream.end()
    for await (const _ of stream) break
    await until(() => seen.cancelled.length > 0)
    expect(seen.cancelled).toEqual(['b: CANCELLED'])
    expect(await client.call(Echo.say, {})).toMatchObject({ count: 1 })
  })

  test('a deadline ends the call on both sides', async () => {
    const { client } = await open()
    const stream = client.open(Echo.wait, { timeout: 100 })
    await stream.send({ text: 'c' })
    stream.end()
    expect(await failureOf(Array.fromAsync(stream))).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    await until(() => seen.cancelled.length > 0)
    expect(seen.cancelled[0]).toMatch(/^c: (DEADLINE_EXCEEDED|CANCELLED)$/)
  })

  test('a connection that breaks cancels its calls', async () => {
    const { client, socket } = await open()
    const stream = client.open(Echo.wait)
    await stream.send({ text: 'd' })
    stream.end()
    const messages = stream[Symbol.asyncIterator]()
    await messages.next()
    socket.destroy()
    expect(await failureOf(messages.next())).toMatchObject({ code: 'UNAVAILABLE' })
    await until(() => seen.cancelled.length > 0)
    expect(seen.cancelled).toEqual(['d: CANCELLED'])
    expect(client.closed.aborted).toBe(true)
    expect(await failureOf(client.call(Echo.say, {}))).toMatchObject({ code: 'UNAVAILABLE' })
  })

  test('a cancelled request does not look like a complete one', async () => {
    const { client: socket, server } = await connections.open()
    const { promise, resolve } = Promise.withResolvers<string>()
    const received: number[] = []
    const method = bidi(Session, async (stream) => {
      try {
        for await (const { data } of stream) received.push(data.length)
        resolve('it looks complete')
      } catch (error) {
        resolve((error as GrpcError).code)
      }
    })
    const served = serveGrpc(server, [method])
    using client = new GrpcClient(socket)
    const stream = client.open(Session)
    await stream.send({ data: new Uint8Array(5) })
    await until(() => received.length > 0)
    stream.cancel()
    expect(await promise).toBe('CANCELLED')
    served[Symbol.dispose]()
  })

  test('a finished call is not cancelled', async () => {
    const { client } = await open()
    await failureOf(client.call(Echo.fail, { text: 'x' }))
    await client.call(Echo.say, {})
    await Bun.sleep(20)
    expect(seen.cancelled).toEqual([])
    expect(failures).toEqual([])
  })
})

describe('a reader that does not read', () => {
  const data = new Uint8Array(64 * 1024)

  test('stops a client that sends', async () => {
    const { client: socket, server } = await connections.open()
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const served = serveGrpc(server, [bidi(Session, () => over)])
    using client = new GrpcClient(socket)
    const stream = client.open(Session)
    let sent = 0
    const sending = (async () => {
      for (; sent < 1000; sent++) await stream.send({ data })
    })()
    await Bun.sleep(300)
    expect(sent).toBeGreaterThan(0)
    expect(sent).toBeLessThan(100)
    end()
    expect(await failureOf(sending)).toMatchObject({ code: 'CANCELLED' })
    served[Symbol.dispose]()
  })

  test('stops a server that sends, and gets everything when it reads', async () => {
    const { client: socket, server } = await connections.open()
    let sent = 0
    const flood = serverStream(Session, async function* () {
      for (; sent < 1000; sent++) yield { data }
    })
    const served = serveGrpc(server, [flood])
    using client = new GrpcClient(socket)
    const stream = client.open(Session)
    await stream.send({})
    stream.end()
    const messages = stream[Symbol.asyncIterator]()
    await messages.next()
    await Bun.sleep(300)
    expect(sent).toBeLessThan(100)
    let size = data.length
    for await (const message of { [Symbol.asyncIterator]: () => messages }) {
      size += message.data.length
    }
    expect(size).toBe(1000 * data.length)
    served[Symbol.dispose]()
  })
})

describe('tunnel()', () => {
  test('carries bytes in both directions, larger than one message', async () => {
    const { client } = await open()
    const stream = client.open(Echo.pipe)
    const connection = tunnel(stream, stream.end)
    const sent = Buffer.alloc(20 * 1024 * 1024, 'strake ')
    connection.end(sent)
    const received = Buffer.concat(await Array.fromAsync(connection))
    expect(received.equals(sent)).toBe(true)
  })

  test('carries another connection of HTTP/2', async () => {
    const { client } = await open()
    const stream = client.open(Echo.pipe)
    const inside = await connections.open()
    const connection = tunnel(stream, stream.end)
    // The bytes go through the echo and back, and then to a server.
    inside.client.on('data', (chunk: Uint8Array) => connection.write(chunk))
    connection.on('data', (chunk: Uint8Array) => inside.client.write(chunk))
    inside.server.write('ping')
    const chunk = await new Promise((resolve) => inside.server.once('data', resolve))
    expect(String(chunk)).toBe('ping')
    connection.destroy()
    inside.client.destroy()
    inside.server.destroy()
  })
})

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    if (tries === 200) throw new Error('it did not happen within 2 seconds')
    await Bun.sleep(10)
  }
}
