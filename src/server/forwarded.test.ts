import { expect, test } from 'bun:test'
import { behindProxies } from './forwarded.ts'

const handler = behindProxies(
  async (_, { address }) => new Response(address),
  ['127.0.0.1', '10.0.0.0/8', 'fd00::/8'],
)

async function seen(from: string, header?: string): Promise<string> {
  const headers = header === undefined ? {} : { 'X-Forwarded-For': header }
  return (await handler(new Request('http://localhost/', { headers }), { address: from })).text()
}

test('behindProxies() believes what trusted proxies wrote, and nothing before it', async () => {
  expect(await seen('127.0.0.1', '192.0.2.1')).toBe('192.0.2.1')
  expect(await seen('127.0.0.1', '203.0.113.9, 192.0.2.1, 10.1.2.3')).toBe('192.0.2.1')
  expect(await seen('fd00::1', '2001:db8::5')).toBe('2001:db8::5')
  expect(await seen('127.0.0.1', '[2001:db8::5]:4711')).toBe('2001:db8::5')
  expect(await seen('127.0.0.1', '::ffff:192.0.2.7')).toBe('192.0.2.7')
})

test('behindProxies() ignores the header of everybody else, and a broken one', async () => {
  expect(await seen('192.0.2.9', '203.0.113.9')).toBe('192.0.2.9')
  expect(await seen('127.0.0.1')).toBe('127.0.0.1')
  expect(await seen('127.0.0.1', 'unknown')).toBe('127.0.0.1')
  expect(await seen('127.0.0.1', '203.0.113.9, evil, 10.0.0.7')).toBe('10.0.0.7')
  expect(await seen('127.0.0.1', '1.1.1.1,'.repeat(1000))).toBe('127.0.0.1')
})
