import { expect, test } from 'bun:test'
import { fromBuffer, toBuffer } from '#stream'
import type { Registry } from '../registry.ts'
import { expectCode } from '../testing/expect-code.ts'
import { blob, instantRetries, type Peer, peer, serveContent } from '../testing/fixtures.ts'
import { connectRegistry } from './connect.ts'

const layer = blob('layer bytes')
const credentials = async () => ({ username: 'ann', secret: 'hunter2hunter2' })

function redirecting(locations: Readonly<Record<string, string>>): Peer {
  return peer((request) => {
    const { host } = new URL(request.url)
    const location = locations[host]
    if (location !== undefined) {
      if (host === 'registry.example.com' && !request.headers.has('Authorization')) {
        return new Response(null, {
          status: 401,
          headers: { 'WWW-Authenticate': 'Basic realm="r"' },
        })
      }
      return new Response(null, { status: 307, headers: { Location: location } })
    }
    return serveContent(request, layer)
  })
}

const connect = (server: Peer, host = 'registry.example.com'): Registry =>
  connectRegistry(host, { fetch: server.fetch, credentials, retry: instantRetries(2) })

const read = (registry: Registry): Promise<Uint8Array> =>
  toBuffer(registry.repository('app').read(layer.descriptor), 1024)

test('a redirect to another origin carries no Authorization', async () => {
  const server = redirecting({ 'registry.example.com': 'https://cdn.example.net/blob?sig=1' })
  expect(await read(connect(server))).toEqual(layer.raw)
  const [, authorized, elsewhere] = server.requests
  expect(authorized?.headers.has('Authorization')).toBe(true)
  expect(elsewhere?.url).toStartWith('https://cdn.example.net/')
  expect(elsewhere?.headers.has('Authorization')).toBe(false)
})

test('another port is another origin', async () => {
  const server = redirecting({ 'registry.example.com': 'https://registry.example.com:8443/blob' })
  await read(connect(server))
  expect(server.requests.at(-1)?.headers.has('Authorization')).toBe(false)
})

test('Authorization is not sent again when a redirect comes back', async () => {
  let visits = 0
  const server = peer((request) => {
    const { host } = new URL(request.url)
    if (host === 'cdn.example.net') {
      return new Response(null, {
        status: 302,
        headers: { Location: 'https://registry.example.com/stolen' },
      })
    }
    if (request.url.endsWith('/stolen')) return serveContent(request, layer)
    visits += 1
    return visits === 1
      ? new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="r"' } })
      : new Response(null, { status: 302, headers: { Location: 'https://cdn.example.net/' } })
  })
  await read(connect(server))
  expect(server.requests.at(-1)?.url).toEndWith('/stolen')
  expect(server.requests.at(-1)?.headers.has('Authorization')).toBe(false)
})

test('a redirect from HTTPS to HTTP is refused', async () => {
  const server = redirecting({ 'registry.example.com': 'http://registry.example.com/blob' })
  expect(await expectCode(read(connect(server)), ['DENIED'])).toContain('leave HTTPS')
})

test('a redirect into the network of the caller is refused', async () => {
  for (const inside of [
    'https://169.254.169.254/meta',
    'https://127.0.0.1/',
    'https://10.0.0.1/',
  ]) {
    const server = redirecting({ 'registry.example.com': inside })
    expect(await expectCode(read(connect(server)), ['DENIED'])).toContain('private address')
    expect(server.requests.some(({ url }) => url.startsWith(inside))).toBe(false)
  }
})

test('redirects end after ten hops', async () => {
  let hops = 0
  const server = peer(() => {
    hops += 1
    return new Response(null, { status: 302, headers: { Location: `/again/${hops}` } })
  })
  await expectCode(read(connect(server)), ['UNAVAILABLE'])
  expect(hops).toBe(11)
})

test('an upload location elsewhere gets the bytes and no credentials', async () => {
  const received: { url: string; authorization: string | null; body: string }[] = []
  const server = peer(async (request) => {
    const { host } = new URL(request.url)
    if (request.method === 'HEAD') return undefined
    if (host === 'registry.example.com') {
      if (!request.headers.has('Authorization')) {
        return new Response(null, {
          status: 401,
          headers: { 'WWW-Authenticate': 'Basic realm="r"' },
        })
      }
      return new Response(null, {
        status: 202,
        headers: { Location: 'https://uploads.example.net/put?signature=a%20b' },
      })
    }
    const { url, headers } = request
    received.push({ url, authorization: headers.get('Authorization'), body: await request.text() })
    return new Response(null, { status: 201 })
  })
  await connect(server).repository('app').write(layer.descriptor, fromBuffer(layer.raw))
  const digest = encodeURIComponent(layer.descriptor.digest)
  expect(received).toEqual([
    {
      url: `https://uploads.example.net/put?signature=a%20b&digest=${digest}`,
      authorization: null,
      body: 'layer bytes',
    },
  ])
})

test('an upload location without TLS or inside the network is refused', async () => {
  for (const location of ['http://registry.example.com/up', 'https://192.168.0.1/up']) {
    const server = peer((request) =>
      request.method === 'POST'
        ? new Response(null, { status: 202, headers: { Location: location } })
        : undefined,
    )
    const write = connect(server).repository('app').write(layer.descriptor, fromBuffer(layer.raw))
    await expectCode(write, ['DENIED'])
    expect(
      server.requests.every(({ url }) => url.startsWith('https://registry.example.com/')),
    ).toBe(true)
  }
})

test('a public registry cannot redirect to a name with a private address', async () => {
  const server = redirecting({ 'registry.example.com': 'https://127.0.0.1.nip.io/blob' })
  const inside = (host: string): string => (host.endsWith('.nip.io') ? '127.0.0.1' : '8.8.8.8')
  const options = { fetch: server.fetch, credentials, retry: instantRetries(2) }
  const open = (resolve: (host: string) => Promise<readonly string[]>): Registry =>
    connectRegistry('registry.example.com', { ...options, resolve })
  await expectCode(read(open(async (host) => [inside(host)])), ['DENIED'])
  expect(server.requests.every(({ url }) => !url.includes('nip.io'))).toBe(true)
  // A registry with a private address may do so.
  expect(await read(open(async () => ['10.0.0.1']))).toEqual(layer.raw)
})
