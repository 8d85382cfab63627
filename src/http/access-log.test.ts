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
