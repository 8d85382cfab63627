import { expect, test } from 'bun:test'
import { type Fetch, send } from './transport.ts'

interface Received {
  readonly url: string
  readonly host: string | null
  readonly serverName: string | undefined
}

/** Answers with `locations` by host, else with the text `found`; `dead` hosts refuse connections. */
function pretend(
  locations: Readonly<Record<string, string>>,
  dead: readonly string[] = [],
): { readonly fetch: Fetch; readonly received: Received[] } {
  const received: Received[] = []
  const fetch: Fetch = async (url, init) => {
    const { tls } = init as { tls?: { serverName?: string } }
    const host = new Headers(init.headers).get('Host')
    received.push({ url, host, serverName: tls?.serverName })
    const { hostname } = new URL(url)
    if (dead.includes(hostname)) throw Object.assign(new Error(), { code: 'ConnectionRefused' })
    const location = locations[host ?? hostname]
    if (location === undefined) return new Response('found')
    return new Response(null, { status: 307, headers: { Location: location } })
  }
  return { fetch, received }
}

const url = new URL('https://registry.example.com/v2/')

test('send() follows a redirect to the address that was checked, under its name', async () => {
  const { fetch, received } = pretend(
    { 'registry.example.com': 'https://blobs.example.net:8443/layer?x=1' },
    ['8.8.8.8'],
  )
  const looked: string[] = []
  const resolve = async (host: string): Promise<readonly string[]> => {
    looked.push(host)
    // A name server that returns a private address from the second time on.
    return looked.length > 1 ? ['127.0.0.1'] : ['8.8.8.8', '2606:4700::1111']
  }
  const response = await send(fetch, { method: 'GET', url, resolve })
  expect(await response.text()).toBe('found')
  expect(looked).toEqual(['blobs.example.net'])
  const named = { host: 'blobs.example.net:8443', serverName: 'blobs.example.net' }
  expect(received.slice(1)).toEqual([
    { url: 'https://8.8.8.8:8443/layer?x=1', ...named },
    { url: 'https://[2606:4700::1111]:8443/layer?x=1', ...named },
  ])
})

test('send() keeps the address for redirects within one host, and checks each other host', async () => {
  const { fetch, received } = pretend({
    'registry.example.com': 'https://a.example.net/1',
    'a.example.net': 'https://b.example.net/2',
  })
  const addresses: Readonly<Record<string, string>> = {
    'a.example.net': '8.8.4.4',
    'b.example.net': '10.0.0.9',
    'registry.example.com': '9.9.9.9',
  }
  const resolve = async (host: string) => [addresses[host] ?? '']
  const sent = send(fetch, { method: 'GET', url, resolve })
  await expect(sent).rejects.toThrow('a public registry may not name a private address')
  expect(received.map(({ url }) => url)).toEqual([url.href, 'https://8.8.4.4/1'])
})

test('send() refuses a named host that cannot be resolved', async () => {
  const { fetch, received } = pretend({ 'registry.example.com': 'https://gone.example.net/' })
  const resolve = async (): Promise<readonly string[]> => {
    throw Object.assign(new Error(), { code: 'ENOTFOUND' })
  }
  const sent = send(fetch, { method: 'GET', url, resolve })
  await expect(sent).rejects.toThrow('Cannot reach gone.example.net: no such host')
  expect(received).toHaveLength(1)
})

test('send() lets a registry with a private address name any host, without a second lookup', async () => {
  const { fetch, received } = pretend({ 'registry.example.com': 'https://10.0.0.9/1' })
  const resolve = async () => ['192.168.0.1']
  expect((await send(fetch, { method: 'GET', url, resolve })).status).toBe(200)
  expect(received.at(-1)).toEqual({ url: 'https://10.0.0.9/1', host: null, serverName: undefined })
})

test('send() lets no registry name a link-local address or a metadata service', async () => {
  const from = 'http://192.168.0.1:5000/v2/'
  const addresses: Readonly<Record<string, readonly string[]>> = {
    metadata: ['169.254.169.254'],
    'mixed.internal': ['10.0.0.9', 'fe80::1'],
    'cdn.example.net': ['fd00:ec2::254'],
  }
  const resolve = async (host: string) => addresses[host] ?? ['10.0.0.8']
  for (const target of [
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://[fe80::1]:5000/',
    'http://[fd00:ec2::254]/',
    'http://[::ffff:169.254.169.254]/',
    'http://metadata/',
    'http://metadata.google.internal./',
    'http://mixed.internal/',
    'http://cdn.example.net/',
  ]) {
    const { fetch, received } = pretend({ '192.168.0.1': target })
    const sent = send(fetch, { method: 'GET', url: new URL(from), resolve })
    await expect(sent).rejects.toThrow('may not name a link-local address or a metadata service')
    expect(received).toHaveLength(1)
  }
})

test('send() refuses a token service at a link-local address without a look-up', async () => {
  const namedBy = new URL('http://192.168.0.1:5000/v2/')
  for (const target of ['http://169.254.169.254/', 'http://metadata.google.internal/']) {
    const { fetch, received } = pretend({})
    const sent = send(fetch, { method: 'GET', url: new URL(target), namedBy })
    await expect(sent).rejects.toThrow('may not name a link-local address')
    expect(received).toEqual([])
  }
})

test('send() follows a registry of an inner network to the address that was checked', async () => {
  const { fetch, received } = pretend({ '192.168.0.1': 'http://blobs.internal:81/1' })
  let lookups = 0
  const resolve = async () => {
    lookups += 1
    return lookups === 1 ? ['10.0.0.9'] : ['169.254.169.254']
  }
  await send(fetch, { method: 'GET', url: new URL('http://192.168.0.1/'), resolve })
  expect(received.at(-1)?.url).toBe('http://10.0.0.9:81/1')
  expect(received.at(-1)?.host).toBe('blobs.internal:81')
})
