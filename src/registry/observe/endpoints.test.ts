import { expect, test } from 'bun:test'
import { createRouter } from '#http'
import { createHealthEndpoints } from './endpoints.ts'

const ask = async (
  checks: Parameters<typeof createHealthEndpoints>[0],
  path: string,
  method = 'GET',
) => {
  const router = createRouter(createHealthEndpoints(checks))
  const response = await router(new Request(`http://localhost${path}`, { method }), { address: '' })
  return [response.status, await response.text()]
}

const failing = { facts: () => Promise.reject(new Error('/secret/path')), blobs: async () => {} }

test('/readyz names the checks that fail, without the reason', async () => {
  expect(await ask({ facts: async () => {} }, '/readyz')).toEqual([200, 'ready\n'])
  expect(await ask(failing, '/readyz')).toEqual([503, 'not ready: facts\n'])
  expect(await ask(failing, '/readyz', 'HEAD')).toEqual([503, ''])
  expect(await ask(failing, '/healthz')).toEqual([200, 'ok\n'])
  expect((await ask(failing, '/healthz', 'POST'))[0]).toBe(405)
})

test('many askers at the same time cause one check', async () => {
  let calls = 0
  const router = createRouter(
    createHealthEndpoints({
      facts: async () => {
        calls += 1
      },
    }),
  )
  const asks = Array.from({ length: 20 }, () =>
    router(new Request('http://localhost/readyz'), { address: '' }),
  )
  await Promise.all(asks)
  expect(calls).toBe(1)
})
