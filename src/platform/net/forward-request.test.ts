import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forwardRequest } from './forward-request.ts'

let directory: string
let socket: string
let server: Server
const seen = { aborted: 0, received: 0 }

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'forward-'))
  socket = join(directory, 'socket')
  server = createServer(async (request, response) => {
    if (request.url === '/refuse') {
      response.writeHead(404, { 'Content-Type': 'text/plain', 'X-Two': ['a', 'b'] })
      response.end('no')
      return
    }
    response.writeHead(200, { 'X-Method': request.method, 'X-Path': request.url })
    response.flushHeaders()
    if (request.url === '/wait') {
      response.once('close', () => {
        seen.aborted += 1
      })
      return
    }
    try {
      for await (const chunk of request) {
        seen.received += chunk.length
        if (request.url === '/slow') await Bun.sleep(20)
      }
    } catch {
      // The client has left.
    }
    response.end(`${request.headers['x-a']} ${seen.received}`)
  })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
})
afterAll(() => {
  server.close()
  rmSync(directory, { recursive: true })
})

const ask = (path: string, init: RequestInit = {}) => {
  const over = Promise.withResolvers<void>()
  const request = new Request(`http://docker${path}`, { method: 'POST', ...init })
  return { answer: forwardRequest(request, socket, over.resolve), over: over.promise }
}

test('forwardRequest() sends method, path, headers and body, and returns the answer', async () => {
  seen.received = 0
  const { answer, over } = ask('/v1.51/build?t=a%20b', { headers: { 'X-A': 'b' }, body: 'text' })
  const response = await answer
  expect(response.status).toBe(200)
  expect(response.headers.get('x-method')).toBe('POST')
  expect(response.headers.get('x-path')).toBe('/v1.51/build?t=a%20b')
  expect(await response.text()).toBe('b 4')
  await over
})

test('forwardRequest() returns refusals as they are', async () => {
  const response = await ask('/refuse').answer
  expect(response.status).toBe(404)
  expect(response.headers.get('connection')).toBeNull()
  expect(await response.text()).toBe('no')
})

test('forwardRequest() returns the head before the body was sent, and sends as fast as it is read', async () => {
  seen.received = 0
  let sent = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        sent += 65_536
        if (sent > 400 * 65_536) controller.close()
        else controller.enqueue(new Uint8Array(65_536))
      },
    },
    { highWaterMark: 0 },
  )
  const abort = new AbortController()
  const { answer, over } = ask('/slow', { body, signal: abort.signal })
  await answer
  await Bun.sleep(100)
  expect(sent - seen.received).toBeLessThan(4 * 1024 * 1024)
  abort.abort()
  await over
})

test('forwardRequest() ends the request when its signal aborts', async () => {
  const abort = new AbortController()
  const { answer, over } = ask('/wait', { signal: abort.signal })
  await answer
  abort.abort()
  await over
  for (let tries = 0; seen.aborted === 0 && tries < 200; tries++) await Bun.sleep(10)
  expect(seen.aborted).toBe(1)
})

test('forwardRequest() throws when nobody listens', async () => {
  const request = new Request('http://docker/build', { method: 'POST', body: 'x' })
  const over = Promise.withResolvers<void>()
  const answer = forwardRequest(request, join(directory, 'nobody'), over.resolve)
  expect(await answer.catch((error: unknown) => error)).toBeInstanceOf(Error)
  await over.promise
})
