import { expect, test } from 'bun:test'
import type { AccessEntry } from '#http'
import { rawRequest, rawStatus, sendRaw } from '../platform/testing/raw-http.ts'
import { listen } from './listen.ts'

const handler = async (): Promise<Response> => new Response('served')

test('listen() refuses over the socket what guarded() refuses', async () => {
  await using server = await listen([{ path: '/', handler }], { port: 0 })
  const status = async (start: string, ...headers: readonly string[]): Promise<number> =>
    rawStatus(await sendRaw(server.port, rawRequest(start, ...headers)))
  const host = `Host: localhost:${server.port}`
  expect(await status('POST / HTTP/1.1', host)).toBe(200)
  expect(await status('GET / HTTP/1.0')).toBe(200)
  expect(await status('POST / HTTP/1.1', 'Host: evil.example')).toBe(403)
  expect(await status('POST / HTTP/1.1', host, 'Origin: https://evil.example')).toBe(403)
  expect(await status('POST / HTTP/1.1', host, 'Sec-Fetch-Site: cross-site')).toBe(403)
  expect(await status('GET / HTTP/1.1')).toBe(400)
  expect(await status('GET / HTTP/1.1', 'Host:')).toBe(400)
  expect(await status('GET / HTTP/1.1', host, 'Host: evil.example')).toBe(400)
  expect(await status('GET / HTTP/1.1', host, host)).toBe(400)
  expect(await status('TRACE / HTTP/1.1', host)).toBe(405)
  expect(await status(`CONNECT localhost:${server.port} HTTP/1.1`, host)).toBe(405)
})

test('listen() reports every request, also refused requests', async () => {
  const entries: AccessEntry[] = []
  const options = { port: 0, onRequest: (entry: AccessEntry) => entries.push(entry) }
  await using server = await listen([{ path: '/a', handler }], options)
  await fetch(`${server.url}/a`)
  await fetch(`${server.url}/b`)
  await fetch(`${server.url}/a`, { headers: { Origin: 'https://evil.example' } })
  expect(entries.map(({ address, path, status }) => [address, path, status])).toEqual([
    ['127.0.0.1', '/a', 200],
    ['127.0.0.1', '/b', 404],
    ['127.0.0.1', '/a', 403],
  ])
})

test('listen() closes a connection whose body continues after the answer', async () => {
  const mounts = [
    { path: '/', handler },
    { path: '/refused', handler: async () => new Response('no', { status: 404 }) },
  ]
  await using server = await listen(mounts, { port: 0 })
  const host = `Host: localhost:${server.port}`
  // A body that is too large to be read: the answer is sent at once, and the connection ended.
  const start = (path: string) => [
    `POST ${path} HTTP/1.1`,
    host,
    'Content-Length: 99999999',
    '',
    'x',
  ]
  for (const path of ['/', '/refused']) {
    const answer = await sendRaw(server.port, start(path).join('\r\n'))
    expect(answer.toLowerCase()).toContain('connection: close')
  }
  // A small one is read first, and the connection serves the next request.
  const small = ['POST / HTTP/1.1', host, 'Content-Length: 5', '', 'hello'].join('\r\n')
  const answers = await sendRaw(server.port, small + rawRequest('GET / HTTP/1.1', host))
  expect(answers.match(/HTTP\/1\.1 200 /g)?.length).toBe(2)
})
