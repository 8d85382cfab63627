import { expect, test } from 'bun:test'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import type { OidcConfig } from '../../config/config.ts'
import { decide } from '../../policy/decide.ts'
import type { Rule } from '../../policy/rule.ts'
import { createOidcIssuer } from './oidc.ts'

/** The claims of a job of GitHub Actions. */
const github = {
  sub: 'repo:acme/app:ref:refs/heads/main',
  repository: 'acme/app',
  repository_owner: 'acme',
  ref: 'refs/heads/main',
  event_name: 'push',
  runner_environment: 'github-hosted',
}

/** The claims of a job of GitLab CI. */
const gitlab = {
  sub: 'project_path:acme/app:ref_type:branch:ref:main',
  namespace_path: 'acme',
  project_path: 'acme/app',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  groups_direct: ['acme/maintainers'],
}

/** An issuer on a free port. */
async function openIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256')
  const other = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'RS256' }
  const state = { requests: [] as string[], isDown: false, keys: [jwk] as object[], named: '' }
  let origin = ''
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request: Request): Response {
      const { pathname } = new URL(request.url)
      state.requests.push(pathname)
      if (state.isDown) return new Response('no', { status: 503 })
      const issuer = state.named || origin
      return pathname === '/keys'
        ? Response.json({ keys: state.keys })
        : Response.json({ issuer, jwks_uri: `${origin}/keys` })
    },
  })
  origin = server.url.origin
  let time = Date.now()
  const build = (claims: JWTPayload, header: object = {}) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
      .setIssuer(server.url.origin)
      .setAudience('registry.example.com')
      .setIssuedAt(Math.floor(time / 1000))
      .setExpirationTime(Math.floor(time / 1000) + 300)
  return {
    state,
    url: server.url.origin,
    build,
    sign: (claims: JWTPayload, header?: object) => build(claims, header).sign(privateKey),
    signAsOther: (claims: JWTPayload, header?: object) =>
      build(claims, header).sign(other.privateKey),
    privateKey,
    other,
    open: (config: Partial<OidcConfig> = {}) =>
      createOidcIssuer(
        { name: 'ci', issuer: server.url.origin, audience: 'registry.example.com', ...config },
        { now: () => time },
      ),
    pass: (milliseconds: number) => {
      time += milliseconds
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

test('createOidcIssuer() lets jobs of GitHub and GitLab push by one rule each', async () => {
  await using place = await openIssuer()
  const issuer = place.open({ require: { ref: '*main' }, groups: 'groups_direct' })
  const rules: readonly Rule[] = [
    {
      repositories: ['acme/**'],
      subjects: [{ issuer: 'ci', claims: { repository: 'acme/*', event_name: 'push' } }],
      actions: ['pull', 'push'],
    },
    {
      repositories: ['lab/**'],
      subjects: [{ issuer: 'ci', claims: { project_path: 'acme/*', ref_protected: 'true' } }],
      actions: ['push'],
    },
    { repositories: ['team/**'], subjects: ['group:acme/maintainers'], actions: ['push'] },
  ]
  const may = async (claims: JWTPayload, repository: string): Promise<boolean> => {
    const identity = await issuer.prove(await place.sign(claims))
    return decide({ rules, groups: {} }, identity, { action: 'push', repository }).isAllowed
  }
  expect(await may(github, 'acme/app')).toBe(true)
  expect(await may(github, 'lab/app')).toBe(false)
  expect(await may({ ...github, event_name: 'pull_request' }, 'acme/app')).toBe(false)
  expect(await may({ ...github, repository: 'evil/acme/app' }, 'acme/app')).toBe(false)
  expect(await may(gitlab, 'lab/app')).toBe(true)
  expect(await may(gitlab, 'team/app')).toBe(true)
  expect(await issuer.prove(await place.sign(github))).toMatchObject({
    kind: 'workload',
    name: 'ci/repo:acme/app:ref:refs/heads/main',
    issuer: 'ci',
  })
  const branch = await place.sign({ ...github, ref: 'refs/heads/evil' })
  await expect(issuer.prove(branch)).rejects.toThrow('it lacks a claim that is required')
})

test('createOidcIssuer() refuses tokens that others made, and those for others', async () => {
  await using place = await openIssuer()
  const issuer = place.open()
  const { publicKey } = place.other
  const refused = [
    await place.signAsOther(github),
    await place.signAsOther(github, { jwk: await exportJWK(publicKey), kid: undefined }),
    await place.signAsOther(github, { jku: `${place.url}/keys`, kid: 'two' }),
    await place.build(github, { alg: 'HS256' }).sign(Buffer.from('secret'.repeat(10))),
    new UnsecuredJWT(github)
      .setIssuer(place.url)
      .setAudience('registry.example.com')
      .setExpirationTime('1h')
      .encode(),
    await place.build(github).setAudience('another').sign(place.privateKey),
    await place.build(github).setIssuer('https://another.example').sign(place.privateKey),
    await place.build(github).setExpirationTime('-5m').sign(place.privateKey),
    await place.build({ repository: 'acme/app' }).sign(place.privateKey),
    'x'.repeat(9000),
    'a.b.c',
    '',
  ]
  for (const token of refused) {
    await expect(issuer.prove(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  }
  expect(issuer.isNamedBy(await place.sign(github))).toBe(true)
  expect(issuer.isNamedBy('a.b.c')).toBe(false)
})

test('KeySet asks seldom, finds new keys, and outlives an issuer that is down', async () => {
  await using place = await openIssuer()
  const issuer = place.open()
  const tokens = await Promise.all(Array.from({ length: 20 }, () => place.sign(github)))
  await Promise.all(tokens.map((token) => issuer.prove(token)))
  expect(place.state.requests).toHaveLength(2)
  // Tokens that name keys that do not exist make no request each.
  for (let count = 0; count < 20; count += 1) {
    const token = await place.signAsOther(github, { kid: `k${count}` })
    await expect(issuer.prove(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  }
  expect(place.state.requests).toHaveLength(2)
  place.pass(31_000)
  place.state.keys.push({ ...(await exportJWK(place.other.publicKey)), kid: 'two' })
  expect(await issuer.prove(await place.signAsOther(github, { kid: 'two' }))).toBeDefined()
  expect(place.state.requests).toHaveLength(4)
  place.state.isDown = true
  place.pass(3_600_000)
  expect(await issuer.prove(await place.sign(github))).toBeDefined()
  place.pass(24 * 3_600_000)
  await expect(issuer.prove(await place.sign(github))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  })
})

test('KeySet believes no document of another issuer, and no shared secret', async () => {
  await using place = await openIssuer()
  const token = await place.sign(github)
  place.state.named = 'https://another.example'
  await expect(place.open().prove(token)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  place.state.named = ''
  place.state.keys = [{ kty: 'oct', kid: 'one', k: Buffer.from('secret').toString('base64url') }]
  await expect(place.open().prove(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
})
