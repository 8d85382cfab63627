import { expect, test } from 'bun:test'
import { connectRegistry } from '../client/connect.ts'
import { instantRetries, type Peer, peer } from '../testing/fixtures.ts'

const credentials = async (): Promise<{ username: string; secret: string }> => ({
  username: 'ann',
  secret: 'hunter2hunter2',
})

function challenging(realm: string): Peer {
  return peer((request) => {
    if (new URL(request.url).pathname === '/token') return Response.json({ token: 'anon' })
    const challenge = `Bearer realm="${realm}",service="s"`
    return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
  })
}

const secretsIn = ({ requests }: Peer): Request[] =>
  requests.filter((request) => request.headers.get('Authorization')?.startsWith('Basic'))

async function tryWith(realm: string, host = 'registry.example.com', trustedRealms?: string[]) {
  const server = challenging(realm)
  const options = trustedRealms === undefined ? {} : { trustedRealms }
  const registry = connectRegistry(host, {
    fetch: server.fetch,
    credentials,
    retry: instantRetries(),
    ...options,
  })
  const error = await registry
    .repository('app')
    .resolve('1')
    .catch((thrown) => thrown)
  return { server, error }
}

test('a realm on another site gets only an anonymous request, and the error names the realm', async () => {
  const { server, error } = await tryWith('https://evil.example.org/token')
  expect(server.requests.length).toBeGreaterThan(1)
  expect(secretsIn(server)).toEqual([])
  for (const { url } of server.requests) expect(url).not.toContain('ann')
  expect(error.message).toContain('evil.example.org is not trusted with the password')
})

test('another tenant of the same hosting domain is another site', async () => {
  const { server } = await tryWith('https://evil.azurecr.io/token', 'good.azurecr.io')
  expect(secretsIn(server)).toEqual([])
})

test('a realm next to the registry, or a trusted one, gets the password', async () => {
  expect(secretsIn((await tryWith('https://auth.example.com/token')).server).length).toBe(1)
  const trusted = await tryWith('https://login.other.org/token', undefined, ['login.other.org'])
  expect(secretsIn(trusted.server).length).toBe(1)
})

test('a realm without TLS is refused when the registry has it', async () => {
  const { server, error } = await tryWith('http://registry.example.com/token')
  expect(server.requests.length).toBe(1)
  expect(error.message).toContain('it would leave HTTPS')
})

test('a realm inside the network of the caller is refused', async () => {
  for (const realm of [
    'https://169.254.169.254/token',
    'https://localhost/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://metadata.google.internal/token',
    'https://2130706433/token',
  ]) {
    const { server, error } = await tryWith(realm)
    expect(server.requests.length).toBe(1)
    expect(error.message).toContain('may not name a private address')
  }
})

test('a realm with a user name in it, or none at all, is refused', async () => {
  expect((await tryWith('https://a:b@registry.example.com/token')).server.requests.length).toBe(1)
  expect((await tryWith('')).error.message).toContain('names no token service')
})

test('a redirect of a token service is refused, and the target gets no password', async () => {
  const server = peer((request) => {
    const { hostname, pathname } = new URL(request.url)
    if (hostname === 'evil.example.org') return Response.json({ token: 'x' })
    if (pathname === '/token') {
      return new Response(null, {
        status: 307,
        headers: { Location: 'https://evil.example.org/token' },
      })
    }
    const challenge = 'Bearer realm="https://registry.example.com/token",service="s"'
    return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
  })
  const identity = async () => ({ username: '<token>', secret: '', identityToken: 'refresh-me' })
  for (const source of [credentials, identity]) {
    const options = { fetch: server.fetch, credentials: source, retry: instantRetries() }
    await connectRegistry('registry.example.com', options)
      .repository('app')
      .resolve('1')
      .catch(() => {})
  }
  const elsewhere = server.requests.filter(({ url }) => url.includes('evil'))
  for (const request of elsewhere) {
    expect(request.headers.get('Authorization')).toBeNull()
    expect(request.method).toBe('GET')
    expect(await request.text()).not.toContain('refresh-me')
  }
})
