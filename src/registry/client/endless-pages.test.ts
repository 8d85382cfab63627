import { expect, test } from 'bun:test'
import type { Registry } from '../registry.ts'
import { expectCode } from '../testing/expect-code.ts'
import { instantRetries, type Peer, peer } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const connect = ({ fetch }: Peer): Registry =>
  connectRegistry('registry.example.com', { fetch, retry: instantRetries(2) })

const page = (tags: readonly string[], link?: string): Response =>
  Response.json({ name: 'app', tags }, link === undefined ? {} : { headers: { Link: link } })

test('tags() follows pages on the same origin', async () => {
  const server = peer((request) =>
    request.url.includes('last=b')
      ? page(['c'])
      : page(['a', 'b'], '</v2/app/tags/list?n=2&last=b>; rel="next"'),
  )
  const tags = await Array.fromAsync(connect(server).repository('app').tags())
  expect(tags).toEqual(['a', 'b', 'c'])
})

test('tags() stops when a page names itself as the next', async () => {
  const server = peer((request) => page(['a'], `<${request.url}>; rel="next"`))
  const message = await expectCode(Array.fromAsync(connect(server).repository('app').tags()), [
    'UNAVAILABLE',
  ])
  expect(message).toContain('circle')
  expect(server.requests.length).toBe(1)
})

test('tags() stops when there is always another page', async () => {
  const server = peer((_request, count) =>
    page([], `</v2/app/tags/list?last=${count}>; rel="next"`),
  )
  await expectCode(Array.fromAsync(connect(server).repository('app').tags()), ['UNAVAILABLE'])
  expect(server.requests.length).toBe(10_000)
})

test('tags() does not follow a page to another host', async () => {
  for (const next of [
    'http://169.254.169.254/latest',
    'https://evil.example.org/v2/app/tags/list',
    '//evil.example.org/',
    'http://registry.example.com/v2/app/tags/list?last=a',
    'https://registry.example.com:444/',
    'https://a:b@registry.example.com/',
  ]) {
    const server = peer(() => page(['a'], `<${next}>; rel="next"`))
    await expectCode(Array.fromAsync(connect(server).repository('app').tags()), ['UNAVAILABLE'])
    expect(server.requests.length).toBe(1)
  }
})

test('tags() refuses more than 64 MiB in all', async () => {
  const filler = ' '.repeat(8 * 1024 * 1024)
  const server = peer((_request, count) => {
    const headers = { Link: `</v2/app/tags/list?last=${count}>; rel="next"` }
    return new Response(`{"tags":[]${filler}}`, { headers })
  })
  await expectCode(Array.fromAsync(connect(server).repository('app').tags()), [
    'SIZE_INVALID',
    'UNAVAILABLE',
  ])
  expect(server.requests.length).toBeLessThanOrEqual(9)
})
