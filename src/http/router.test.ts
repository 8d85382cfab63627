import { expect, test } from 'bun:test'
import { createRouter } from './router.ts'

const answering = (text: string) => async () => new Response(text)
const exchange = { address: '127.0.0.1' }

test('createRouter() chooses the longest path that covers a request', async () => {
  const router = createRouter([
    { path: '/', handler: answering('page') },
    { path: '/v2', handler: answering('registry') },
    { path: '/v2/_status', handler: answering('status') },
  ])
  for (const [path, expected] of [
    ['/', 'page'],
    ['/v2', 'registry'],
    ['/v2/', 'registry'],
    ['/v2/app/tags/list?n=1', 'registry'],
    ['/v2/_status', 'status'],
    ['/v20', 'page'],
    ['/a/v2/b', 'page'],
  ]) {
    const response = await router(new Request(`http://localhost${path}`), exchange)
    expect([path, await response.text()]).toEqual([path, expected])
  }
})

test('createRouter() answers 404 for a path without a handler', async () => {
  const router = createRouter([{ path: '/v2', handler: answering('registry') }])
  const response = await router(new Request('http://localhost/else'), exchange)
  expect(response.status).toBe(404)
  expect(await response.json()).toEqual({
    errors: [{ code: 'UNSUPPORTED', message: 'Cannot serve the request: no such endpoint' }],
  })
})
