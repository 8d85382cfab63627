import { expect, test } from 'bun:test'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT, UnsecuredJWT } from 'jose'
import { mkdtempDisposable } from '#platform'
import { AccessTokens } from './access-token.ts'
import { grantScopes, rightsOf } from './grant-scopes.ts'
import { openSigningKey } from './signing-key.ts'
import { fixedKey } from './signing-keys.ts'

const identity = { kind: 'user', name: 'alice', groups: [] } as const
const claims = { access: [], strake: { kind: 'user', name: 'mallory', groups: [] } }

async function openTokens() {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-key-')
  const path = `${directory.path}/key.json`
  const key = await openSigningKey(path)
  let time = Date.now()
  const options = { keys: fixedKey(key), service: 'strake', lifetime: 60_000, now: () => time }
  return {
    path,
    key,
    tokens: new AccessTokens(options),
    others: new AccessTokens({ ...options, service: 'another' }),
    pass: (milliseconds: number) => {
      time += milliseconds
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  }
}

test('AccessTokens proves what it signed, until the token ends', async () => {
  await using place = await openTokens()
  const token = { identity, scopes: ['repository:app:pull,push'] }
  const text = await place.tokens.sign(token)
  expect(await place.tokens.prove(text)).toEqual(token)
  expect(await place.tokens.prove(text)).toEqual(token)
  expect(await place.others.prove(text)).toBeUndefined()
  const parts = text.split('.')
  const payload = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString())
  expect(payload).toMatchObject({
    iss: 'strake',
    aud: 'strake',
    sub: 'alice',
    access: [{ type: 'repository', name: 'app', actions: ['pull', 'push'] }],
  })
  place.pass(61_000)
  expect(await place.tokens.prove(text)).toBeUndefined()
})

test('AccessTokens refuses tokens whose key, algorithm or claims others chose', async () => {
  await using place = await openTokens()
  const jwk = JSON.parse(await readFile(place.path, 'utf8')) as JWK
  const own = (await importJWK(jwk, 'EdDSA')) as Parameters<SignJWT['sign']>[0]
  const { privateKey, publicKey } = await generateKeyPair('EdDSA')
  const build = () =>
    new SignJWT(claims).setIssuer('strake').setAudience('strake').setNotBefore('-1m')
  const forged = await Promise.all([
    build()
      .setExpirationTime('1h')
      .setProtectedHeader({ alg: 'EdDSA', jwk: await exportJWK(publicKey) })
      .sign(privateKey),
    build()
      .setExpirationTime('1h')
      .setProtectedHeader({ alg: 'EdDSA', kid: '../../key.json' })
      .sign(privateKey),
    build()
      .setExpirationTime('1h')
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(String(jwk.x), 'base64url')),
    new UnsecuredJWT(claims)
      .setIssuer('strake')
      .setAudience('strake')
      .setExpirationTime('1h')
      .encode(),
    // The right key, and claims that end never, have ended, or are for another service.
    build().setProtectedHeader({ alg: 'EdDSA' }).sign(own),
    build().setExpirationTime('-1m').setProtectedHeader({ alg: 'EdDSA' }).sign(own),
    build()
      .setAudience('another')
      .setExpirationTime('1h')
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(own),
    build()
      .setNotBefore('5m')
      .setExpirationTime('1h')
      .setProtectedHeader({ alg: 'EdDSA' })
      .sign(own),
  ])
  for (const text of [...forged, '', 'a.b.c', 'x'.repeat(9000)]) {
    expect(await place.tokens.prove(text)).toBeUndefined()
  }
  const good = build().setExpirationTime('1h').setProtectedHeader({ alg: 'EdDSA' })
  expect(await place.tokens.prove(await good.sign(own))).toBeDefined()
})

test('openSigningKey() makes one private key, also when two servers start at once', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-key-')
  const path = `${directory.path}/auth/key.json`
  const keys = await Promise.all([1, 2, 3, 4].map(() => openSigningKey(path)))
  expect(new Set(keys.map(({ id }) => id)).size).toBe(1)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  await writeFile(path, '{"kty":"RSA"}')
  await expect(openSigningKey(path)).rejects.toThrow('no private Ed25519 key')
})

test('rightsOf() reads scopes of repositories, and grantScopes() drops odd ones', () => {
  expect(rightsOf('repository:a/b:pull,push')).toEqual([
    { action: 'pull', repository: 'a/b' },
    { action: 'push', repository: 'a/b' },
  ])
  expect(rightsOf('repository:a:*')).toHaveLength(3)
  for (const scope of [
    'registry:catalog:*',
    'repository:a',
    'repository:A:pull',
    'repository:../x:pull',
    '',
  ]) {
    expect(rightsOf(scope)).toBeUndefined()
  }
  const rules = [{ repositories: ['**'], subjects: ['everyone'], actions: ['pull'] as const }]
  const policy = { rules, groups: {} }
  const asked = [
    'repository:a:pull,push,fly',
    'repository(plugin):a:pull',
    'other',
    'registry:catalog:*',
  ]
  expect(grantScopes(policy, identity, asked)).toEqual(['registry:catalog:*', 'repository:a:pull'])
  const many = Array.from({ length: 500 }, (_, index) => `repository:r${index}:pull`)
  const granted = grantScopes(policy, identity, many)
  expect(granted.length).toBeGreaterThan(50)
  expect(granted.length).toBeLessThanOrEqual(100)
})

test('AccessTokens makes no token that it does not accept itself', async () => {
  await using place = await openTokens()
  const rules = [{ repositories: ['**'], subjects: ['everyone'], actions: ['pull'] as const }]
  const policy = { rules, groups: {} }
  const long = Array.from(
    { length: 100 },
    (_, index) => `repository:${'r'.repeat(200)}${index}:pull`,
  )
  const limits = Array.from({ length: 20 }, (_, index) => `${'r'.repeat(90)}${index}/**:pull`)
  for (const sender of [identity, { ...identity, scopes: ['**:pull', ...limits] }]) {
    const scopes = grantScopes(policy, sender, long)
    expect(scopes.length).toBeGreaterThan(0)
    const text = await place.tokens.sign({ identity: sender, scopes })
    expect(await place.tokens.prove(text)).toMatchObject({ scopes })
  }
  const groups = Array.from({ length: 1000 }, (_, index) => `group-${index}`)
  await expect(
    place.tokens.sign({ identity: { ...identity, groups }, scopes: [] }),
  ).rejects.toMatchObject({ code: 'DENIED' })
})
