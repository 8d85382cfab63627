import { expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from './serve.ts'
import { rawRequest, rawStatus, sendRaw } from './testing/raw-http.ts'

test('serve() answers on a free port until disposal', async () => {
  const server = await serve(async (request) => new Response(new URL(request.url).pathname))
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`)
  expect(await (await fetch(`${server.url}/hello`)).text()).toBe('/hello')
  await server[Symbol.asyncDispose]()
  await expect(fetch(server.url)).rejects.toThrow()
})

test('serve() throws for a port in use', async () => {
  await using server = await serve(async () => new Response())
  const error = await serve(async () => new Response(), { port: server.port }).catch((e) => e)
  expect(error.message).toBe(
    `Cannot listen on 127.0.0.1:${server.port}: the port is already in use`,
  )
  expect(error.remedy).toBe('stop the program that uses it, or choose another port')
})

test('serve() throws for an address of another machine', async () => {
  const error = await serve(async () => new Response(), { hostname: '192.0.2.1' }).catch((e) => e)
  expect(error.message).toBe(
    'Cannot listen on 192.0.2.1:0: this machine does not have that address',
  )
})

test('serve() listens on IPv6 and on a Unix socket', async () => {
  await using six = await serve(async () => new Response('six'), { hostname: '::1' })
  expect(await (await fetch(six.url)).text()).toBe('six')
  const root = await mkdtemp(join(tmpdir(), 'strake-serve-'))
  const path = join(root, 'socket')
  {
    await using _unix = await serve(async () => new Response('unix'), { unix: path })
    expect(await (await fetch('http://localhost/', { unix: path })).text()).toBe('unix')
  }
  await rm(root, { recursive: true })
})

test('serve() keeps Content-Length for HEAD', async () => {
  const headers = { 'Content-Length': '1234' }
  await using server = await serve(async () => new Response(null, { headers }))
  const response = await fetch(server.url, { method: 'HEAD' })
  expect(response.headers.get('Content-Length')).toBe('1234')
})

test('serve() passes a request body on while the client sends it', async () => {
  const { promise: firstChunk, resolve } = Promise.withResolvers<string>()
  await using server = await serve(async (request) => {
    let size = 0
    for await (const chunk of request.body ?? []) {
      if (size === 0) resolve(new TextDecoder().decode(chunk))
      size += chunk.byteLength
    }
    return new Response(String(size))
  })
  const socket = connect(server.port, '127.0.0.1')
  const answer = new Promise<string>((done) => socket.once('data', (data) => done(`${data}`)))
  socket.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nfirst')
  expect(await firstChunk).toBe('first')
  socket.write('after')
  expect(await answer).toContain('\r\n\r\n10')
  socket.destroy()
})

test('serve() refuses requests with an ambiguous length', async () => {
  let calls = 0
  await using server = await serve(async () => {
    calls += 1
    return new Response('served')
  })
  for (const head of [
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n',
  ]) {
    const socket = connect(server.port, '127.0.0.1')
    const answer = new Promise<string>((done) => {
      let text = ''
      socket.on('data', (data) => {
        text += data
      })
      socket.on('close', () => done(text))
      socket.on('error', () => done(text))
    })
    socket.end(head)
    expect((await answer).startsWith('HTTP/1.1 2')).toBe(false)
  }
  expect(calls).toBe(0)
})

test('serve() answers 400 to an invalid Host', async () => {
  let calls = 0
  await using server = await serve(async () => {
    calls += 1
    return new Response('served')
  })
  for (const host of ['Host:', 'Host: a b', 'Host: a/b', 'Host: x:99999', 'Host: [::1']) {
    const answer = await sendRaw(server.port, rawRequest('GET / HTTP/1.1', host))
    expect([host, rawStatus(answer)]).toEqual([host, 400])
  }
  expect(calls).toBe(0)
})

test('serve() accepts an HTTP/1.0 request without Host', async () => {
  await using server = await serve(async (request) => new Response(new URL(request.url).pathname))
  const answer = await sendRaw(server.port, 'GET /old HTTP/1.0\r\n\r\n')
  expect([rawStatus(answer), answer.endsWith('\r\n\r\n/old')]).toEqual([200, true])
})

test('serve() passes the address of the sender', async () => {
  for (const hostname of ['127.0.0.1', '::']) {
    await using server = await serve(async (_request, peer) => new Response(peer.address), {
      hostname,
    })
    const response = await fetch(`http://127.0.0.1:${server.port}`)
    expect(await response.text()).toBe('127.0.0.1')
  }
})

test('serve() answers 404 for a file that was deleted before it is sent', async () => {
  await using server = await serve(async () => new Response(Bun.file('/nonexistent')))
  const response = await fetch(server.url)
  expect([response.status, await response.text()]).toEqual([404, ''])
})
