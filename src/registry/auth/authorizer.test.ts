import { expect, test } from 'bun:test'
import { connectRegistry } from '../client/connect.ts'
import type { Credential, Registry } from '../registry.ts'
import { expectCode } from '../testing/expect-code.ts'
import {
  blob,
  instantRetries,
  manifest,
  type Peer,
  peer,
  serveContent,
} from '../testing/fixtures.ts'

const image = manifest()
const user = { username: 'ann', secret: 'pass:word' }
const basic = `Basic ${Buffer.from('ann:pass:word').toString('base64')}`

interface TokenService {
  /** Returns the token for a request, or `undefined` to refuse it. */
  readonly token: (request: Request) => string | undefined | Promise<string | undefined>
  readonly accepts: (authorization: string | null) => boolean
  readonly scope?: string
}

function bearerRegistry({ token, accepts, scope = 'repository:app:pull' }: TokenService): Peer {
  return peer(async (request) => {
    if (new URL(request.url).pathname === '/token') {
      const value = await token(request)
      if (value === undefined) return new Response('{}', { status: 401 })
      return Response.json({ token: value, expires_in: 300 })
    }
    if (accepts(request.headers.get('Authorization'))) return serveContent(request, image)
    const challenge = `Bearer realm="https://registry.example/token",service="s",scope="${scope}"`
    return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
  })
}

function connect(server: Peer, credential?: Credential): Registry {
  return connectRegistry('registry.example', {
    fetch: server.fetch,
    retry: instantRetries(),
    ...(credential === undefined ? {} : { credentials: async () => credential }),
  })
}

const tokenRequests = ({ requests }: Peer): Request[] =>
  requests.filter((request) => new URL(request.url).pathname === '/token')

test('connectRegistry() first sends an anonymous request and gets an anonymous token', async () => {
  const server = bearerRegistry({ token: () => 'anon', accepts: (a) => a === 'Bearer anon' })
  const repository = connect(server).repository('app')
  await repository.resolve('1')
  await repository.resolve('2')
  expect(server.requests[0]?.headers.get('Authorization')).toBeNull()
  const [asked, ...more] = tokenRequests(server)
  expect(more).toEqual([])
  expect(asked?.headers.get('Authorization')).toBeNull()
  const query = new URL(asked?.url ?? '').searchParams
  expect([query.get('service'), query.get('scope')]).toEqual(['s', 'repository:app:pull'])
})

test('connectRegistry() sends user name and password to the token service only', async () => {
  const server = bearerRegistry({
    token: (request) => (request.headers.get('Authorization') === basic ? 'ann' : undefined),
    accepts: (a) => a === 'Bearer ann',
  })
  await connect(server, user).repository('app').resolve('1')
  const sent = server.requests.map((request) => request.headers.get('Authorization'))
  expect(sent).toEqual([null, basic, 'Bearer ann'])
})

test('connectRegistry() requests the union of the needed scopes and those of the challenge', async () => {
  const server = bearerRegistry({
    token: (request) => new URL(request.url).searchParams.getAll('scope').join(' '),
    accepts: (a) => a?.includes('base') === true,
    scope: 'repository:base:pull',
  })
  await connect(server)
    .repository('app')
    .resolve('1')
    .catch(() => {})
  const scopes = new URL(tokenRequests(server)[0]?.url ?? '').searchParams.getAll('scope')
  expect(scopes).toEqual(['repository:app:pull', 'repository:base:pull'])
})

test('connectRegistry() tries a refused token once more with the new challenge, and no more', async () => {
  let given = 0
  const server = bearerRegistry({
    token: () => `t${++given}`,
    accepts: (a) => a === 'Bearer t2',
  })
  const repository = connect(server).repository('app')
  await expectCode(repository.resolve('1'), ['UNAUTHORIZED'])
  await repository.resolve('1')
  expect(given).toBe(2)
})

test('connectRegistry() reads anonymously if the credentials are wrong but not needed', async () => {
  const server = bearerRegistry({
    token: (request) => (request.headers.has('Authorization') ? undefined : 'anon'),
    accepts: (a) => a === 'Bearer anon',
  })
  const repository = connect(server, user).repository('app')
  expect(await repository.resolve('1')).toEqual(image.descriptor)
  await expectCode(repository.mount(blob('x').descriptor.digest), ['UNAUTHORIZED'])
})

test('connectRegistry() exchanges an identity token by POST, and by GET if the service has no POST', async () => {
  for (const postStatus of [200, 404]) {
    const server = peer(async (request) => {
      const authorization = request.headers.get('Authorization')
      if (new URL(request.url).pathname === '/token') {
        if (request.method === 'GET') {
          return Response.json({ access_token: authorization === null ? 'none' : 'granted' })
        }
        const form = new URLSearchParams(await request.text())
        if (postStatus !== 200) return new Response(null, { status: postStatus })
        const ok = form.get('grant_type') === 'refresh_token' && form.get('refresh_token') === 'rt'
        return Response.json({ access_token: ok ? 'granted' : 'none' })
      }
      if (authorization === 'Bearer granted') return serveContent(request, image)
      const challenge = 'Bearer realm="https://registry.example/token",service="s"'
      return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
    })
    const credential = { username: '<token>', secret: '', identityToken: 'rt' }
    expect(await connect(server, credential).repository('app').resolve('1')).toEqual(
      image.descriptor,
    )
  }
})

test('connectRegistry() sends a registry token unchanged', async () => {
  const server = bearerRegistry({ token: () => 'other', accepts: (a) => a === 'Bearer ready' })
  const credential = { username: '', secret: '', registryToken: 'ready' }
  await connect(server, credential).repository('app').resolve('1')
  expect(tokenRequests(server)).toEqual([])
})

test('connectRegistry() answers a Basic challenge, and names a remedy without credentials', async () => {
  const server = peer((request) =>
    request.headers.get('Authorization') === basic
      ? serveContent(request, image)
      : new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="r"' } }),
  )
  const repository = connect(server, user).repository('app')
  await repository.resolve('1')
  await repository.resolve('1')
  expect(server.requests.length).toBe(3)
  const refused = await connect(server)
    .repository('app')
    .resolve('1')
    .catch((error) => error)
  expect(refused).toMatchObject({
    code: 'UNAUTHORIZED',
    message: 'Cannot pull registry.example/app:1: authentication required',
    remedy: 'log in with strake login registry.example',
  })
})

test('connectRegistry() renews a token before it expires', async () => {
  let now = 1_000_000
  const server = bearerRegistry({
    token: () => `at ${now}`.replace(' ', '-'),
    accepts: (a) => a !== null,
  })
  const registry = connectRegistry('registry.example', {
    fetch: server.fetch,
    retry: { ...instantRetries(), now: () => now },
  })
  await registry.repository('app').resolve('1')
  now += 295_000
  await registry.repository('app').resolve('1')
  expect(tokenRequests(server).length).toBe(2)
})

test('a token that is refused before it expires is replaced, also if the challenge requires more', async () => {
  let issued = 0
  let refused = ''
  const server = bearerRegistry({
    token: () => `token-${++issued}`,
    accepts: (header) => header !== null && header !== refused,
    scope: 'repository:app:pull repository:base:pull',
  })
  const repository = connect(server).repository('app')
  await repository.resolve('1')
  expect(issued).toBe(1)
  refused = 'Bearer token-1'
  await repository.resolve('2')
  expect(issued).toBe(2)
})

test('connectRegistry() asks for the token service again when the one it knows refuses or is gone', async () => {
  for (const isGone of [false, true]) {
    let [realm, isMoved] = ['https://old.registry.example/token', false]
    const server = peer(async (request) => {
      const { hostname, pathname } = new URL(request.url)
      if (pathname === '/token' && isMoved && hostname.startsWith('old.')) {
        if (isGone) throw new TypeError('Unable to connect')
        return new Response('{}', { status: 403 })
      }
      // Each token is good for one look only, so that the next one asks for a token again.
      if (pathname === '/token') return Response.json({ token: hostname, expires_in: 1 })
      const right = `Bearer ${new URL(realm).hostname}`
      if (request.headers.get('Authorization') === right) return serveContent(request, image)
      const challenge = `Bearer realm="${realm}",service="s"`
      return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
    })
    const repository = connect(server).repository('app')
    await repository.resolve('1')
    realm = 'https://new.registry.example/token'
    isMoved = true
    expect((await repository.resolve('1')).digest).toBe(image.descriptor.digest)
  }
})
