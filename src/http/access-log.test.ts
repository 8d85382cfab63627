import { expect, test } from 'bun:test'
import { type AccessEntry, logged } from './access-log.ts'

test('logged() records sender, path and status, without the query', async () => {
  const entries: AccessEntry[] = []
  const handler = logged(
    async (_request, exchange) => {
      exchange.principal = { name: 'me' }
      return new Response('12345', { status: 202, headers: { 'Content-Length': '5' } })
    },
    (entry) => entries.push(entry),
  )
  const request = new Request('http://localhost:5000/v2/a?token=secret', { method: 'PUT' })
  await handler(request, { address: '10.0.0.1' })
  expect(entries).toEqual([
    {
      time: expect.any(Number),
      address: '10.0.0.1',
      principal: 'me',
      method: 'PUT',
      path: '/v2/a',
      status: 202,
      size: 5,
      duration: expect.any(Number),
    },
  ])
})

test('logged() records a path as it was sent, so that no request can forge a line', async () => {
  const paths: string[] = []
  const handler = logged(
    async () => new Response(null, { status: 404 }),
    ({ path }) => paths.push(path),
  )
  const sent = ['/v2/a%0a%0dGET%20/', '/v2/%1b[31m', '/v2/%e2%80%ae', '/v2/"%5c', '/v2/a\tb\nc']
  for (const path of sent) await handler(new Request(`http://localhost${path}`), { address: '::1' })
  expect(paths).toHaveLength(sent.length)
  for (const path of paths) expect(path).not.toMatch(/[\x00-\x20\x7f-\uffff]/)
})
