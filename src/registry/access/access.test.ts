import { expect, test } from 'bun:test'
import { tmpdir } from 'node:os'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { mkdtempDisposable } from '#platform'
import { fromBuffer } from '#stream'
import type { RegistryConfig } from '../config/config.ts'
import { makeApiToken } from '../identity/api-token.ts'
import { addUser, removeUser, setPassword } from '../identity/user-facts.ts'
import { openUserFile } from '../identity/user-file.ts'
import { createRegistryHandler } from '../server/handler.ts'
import { createMemoryRegistry } from '../store/memory.ts'
import { blob, emptyConfig, manifest } from '../testing/fixtures.ts'
import { tokenPath } from '../token/endpoint.ts'
import { authFiles, findTokens, hasAuth, isUsable, openAuth, openTokens } from './open-auth.ts'

const layer = blob('layer')
const image = manifest({ layers: [layer.descriptor] })
const origin = 'http://localhost:5000'

const config: RegistryConfig = {
  access: {
    groups: { team: ['alice'] },
    rules: [
      { repositories: ['public/**'], subjects: ['anonymous'], actions: ['pull'] },
      {
        name: 'team',
        repositories: ['team/**'],
        subjects: ['group:team'],
        actions: ['pull', 'push'],
      },
      { repositories: ['public/**'], subjects: ['authenticated'], actions: ['pull'] },
      { repositories: ['ci/*'], subjects: ['robot:builder'], actions: ['pull', 'push'] },
    ],
  },
}

async function openPlace(options: { readonly config?: RegistryConfig } = {}) {
  const directory = await mkdtempDisposable(tmpdir(), 'strake-access-')
  const own = options.config ?? config
  const files = authFiles(own, directory.path)
  await addUser(openUserFile(files.htpasswd), 'alice', 'alice-secret')
  await addUser(openUserFile(files.htpasswd), 'bob', 'bobs-secret')
  let time = Date.now()
  const auth = await openAuth(own, { files, now: () => time })
  const registry = createMemoryRegistry()
  for (const name of ['public/base', 'team/app', 'secret/app']) {
    const repository = registry.repository(name)
    for (const { descriptor, raw } of [emptyConfig, layer, image]) {
      await repository.write(descriptor, fromBuffer(raw))
    }
    await repository.tag('1', image.descriptor)
  }
  const handler = createRegistryHandler(registry, { access: auth.access })
  const send = (path: string, init: RequestInit = {}): Promise<Response> => {
    const request = new Request(`${origin}${path}`, init)
    const isToken = path.startsWith(tokenPath) && auth.tokenEndpoint !== undefined
    const target = isToken ? auth.tokenEndpoint : handler
    if (target === undefined) throw new Error('no handler')
    return target(request, { address: '192.0.2.1' })
  }
  return {
    files,
    send,
    pass: (milliseconds: number) => {
      time += milliseconds
    },
    /** Asks the token service as Docker does. */
    async login(name: string, secret: string, scope: string): Promise<Record<string, string>> {
      const query = `service=strake&scope=${encodeURIComponent(scope)}&offline_token=true`
      const headers = name === '' ? {} : { Authorization: basic(name, secret) }
      const response = await send(`${tokenPath}?${query}`, { headers })
      return response.json() as Promise<Record<string, string>>
    },
    async [Symbol.asyncDispose]() {
      await handler[Symbol.asyncDispose]()
      await auth[Symbol.asyncDispose]()
      await directory[Symbol.asyncDispose]()
    },
  }
}

function basic(name: string, secret: string): string {
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
}

const bearer = (token: string | undefined): RequestInit => ({
  headers: { Authorization: `Bearer ${token}` },
})
const asUser = (name: string, secret: string): RequestInit => ({
  headers: { Authorization: basic(name, secret) },
})

test('createAccess() serves anonymous pulls, and challenges everything else', async () => {
  await using place = await openPlace()
  expect((await place.send('/v2/public/base/manifests/1')).status).toBe(200)
  const ping = await place.send('/v2/')
  expect([ping.status, ping.headers.get('WWW-Authenticate')]).toEqual([
    401,
    `Bearer realm="${origin}${tokenPath}",service="strake"`,
  ])
  const pull = await place.send('/v2/team/app/manifests/1')
  expect([pull.status, pull.headers.get('WWW-Authenticate')]).toEqual([
    401,
    `Bearer realm="${origin}${tokenPath}",service="strake",scope="repository:team/app:pull"`,
  ])
  expect((await place.send('/v2/public/base/manifests/1', { method: 'DELETE' })).status).toBe(401)
})

test('createAccess() answers alike for what exists and what does not', async () => {
  await using place = await openPlace()
  const answers = await Promise.all(
    ['secret/app', 'secret/none'].map(async (name) => {
      const anonymous = await place.send(`/v2/${name}/manifests/1`)
      const known = await place.send(`/v2/${name}/manifests/1`, asUser('bob', 'bobs-secret'))
      const text = `${await anonymous.text()}${await known.text()}`
      return [anonymous.status, known.status, text.replaceAll(name, 'NAME')]
    }),
  )
  expect(answers[0]).toEqual(answers[1] ?? [])
  expect(answers[0]?.slice(0, 2)).toEqual([401, 403])
})

test('createAccess() names the rule in a refusal', async () => {
  await using place = await openPlace()
  const response = await place.send('/v2/team/app/manifests/1', {
    method: 'DELETE',
    ...asUser('alice', 'alice-secret'),
  })
  expect([response.status, await response.json()]).toMatchObject([
    403,
    {
      errors: [
        {
          code: 'DENIED',
          message:
            'Cannot delete team/app as alice: the rule "team" does not allow delete; it allows pull, push',
          detail: { action: 'delete', repository: 'team/app', rule: 'team' },
        },
      ],
    },
  ])
})

test('the token service grants what the rules allow of what is asked for', async () => {
  await using place = await openPlace()
  const scope = 'repository:team/app:pull,push,delete repository:secret/app:pull'
  const { token, scope: granted } = await place.login('alice', 'alice-secret', scope)
  expect(granted).toBe('repository:team/app:pull,push')
  expect((await place.send('/v2/team/app/manifests/1', bearer(token))).status).toBe(200)
  expect((await place.send('/v2/secret/app/manifests/1', bearer(token))).status).toBe(403)
  expect((await place.send('/v2/', bearer(token))).status).toBe(200)
  const none = await place.login('', '', 'repository:public/base:pull repository:team/app:pull')
  expect(none['scope']).toBe('repository:public/base:pull')
  expect(none['refresh_token']).toBeUndefined()
  expect((await place.send('/v2/public/base/manifests/1', bearer(none['token']))).status).toBe(200)
  expect((await place.send('/v2/team/app/manifests/1', bearer(none['token']))).status).toBe(401)
})

test('an access token is never wider than what was asked for', async () => {
  await using place = await openPlace()
  const { token } = await place.login('alice', 'alice-secret', 'repository:team/app:pull')
  const push = await place.send('/v2/team/app/blobs/uploads/', { method: 'POST', ...bearer(token) })
  expect([push.status, push.headers.get('WWW-Authenticate')]).toEqual([
    401,
    expect.stringContaining('error="insufficient_scope"'),
  ])
  expect((await place.send('/v2/team/other/manifests/1', bearer(token))).status).toBe(401)
})

test('a mount needs the right to pull its source', async () => {
  await using place = await openPlace()
  const mount = (from: string, init: RequestInit) =>
    place.send(`/v2/team/new/blobs/uploads/?mount=${layer.descriptor.digest}${from}`, {
      method: 'POST',
      ...init,
    })
  const alice = asUser('alice', 'alice-secret')
  // 202: the client has to upload the blob, as if it did not exist.
  expect((await mount('&from=secret/app', alice)).status).toBe(202)
  expect((await mount('&from=secret/none', alice)).status).toBe(202)
  expect((await mount('&from=public/base', alice)).status).toBe(201)
  const { token } = await place.login('alice', 'alice-secret', 'repository:team/new:pull,push')
  expect((await mount('&from=team/app', bearer(token))).status).toBe(202)
  const both = await place.login(
    'alice',
    'alice-secret',
    'repository:team/new:pull,push repository:team/app:pull',
  )
  expect((await mount('&from=team/app', bearer(both['token']))).status).toBe(201)
})

test('an upload continues only for the user who began it', async () => {
  const own: RegistryConfig = {
    access: {
      rules: [{ repositories: ['**'], subjects: ['everyone'], actions: ['pull', 'push'] }],
    },
  }
  await using place = await openPlace({ config: own })
  const begin = (init: RequestInit) =>
    place.send('/v2/app/blobs/uploads/', { method: 'POST', ...init })
  const alice = asUser('alice', 'alice-secret')
  const [own1, open] = [await begin(alice), await begin({})]
  const look = async (started: Response, init: RequestInit): Promise<number> =>
    (await place.send(started.headers.get('Location') ?? '', init)).status
  expect(await look(own1, alice)).toBe(204)
  expect(await look(own1, asUser('bob', 'bobs-secret'))).toBe(404)
  expect(await look(own1, {})).toBe(404)
  expect(await look(open, {})).toBe(204)
  expect(await look(open, alice)).toBe(404)
})

test('_catalog shows what the sender may pull', async () => {
  await using place = await openPlace()
  const list = async (init: RequestInit): Promise<unknown> =>
    ((await (await place.send('/v2/_catalog', init)).json()) as { repositories: unknown })
      .repositories
  expect(await list({})).toEqual(['public/base'])
  expect(await list(asUser('alice', 'alice-secret'))).toEqual(['public/base', 'team/app'])
  const { token } = await place.login('bob', 'bobs-secret', 'registry:catalog:*')
  expect(await list(bearer(token))).toEqual(['public/base'])
  expect(await list({ ...bearer(token), method: 'GET' })).toEqual(['public/base'])
})

test('a refresh token makes access tokens until the password changes', async () => {
  await using place = await openPlace()
  const { refresh_token: refresh = '' } = await place.login('alice', 'alice-secret', '')
  const renew = (body: Record<string, string>) =>
    place.send(tokenPath, { method: 'POST', body: new URLSearchParams(body) })
  const form = {
    grant_type: 'refresh_token',
    refresh_token: refresh,
    service: 'strake',
    scope: 'repository:team/app:pull',
  }
  const answer = (await (await renew(form)).json()) as Record<string, string>
  expect(answer['scope']).toBe('repository:team/app:pull')
  // It is no password, and a token of another kind cannot refresh.
  expect((await place.send('/v2/', bearer(refresh))).status).toBe(401)
  expect((await place.send('/v2/', asUser('alice', refresh))).status).toBe(401)
  await setPassword(openUserFile(place.files.htpasswd), 'alice', 'another-secret')
  place.pass(2000)
  expect((await renew(form)).status).toBe(401)
  expect((await place.send('/v2/team/app/manifests/1', bearer(answer['token']))).status).toBe(401)
  const typed = { grant_type: 'password', username: 'alice', password: 'another-secret' }
  expect((await renew(typed)).status).toBe(200)
})

test('users are read again when their file changes', async () => {
  await using place = await openPlace()
  const ping = () => place.send('/v2/', asUser('bob', 'bobs-secret'))
  expect((await ping()).status).toBe(200)
  const { token } = await place.login('bob', 'bobs-secret', 'repository:public/base:pull')
  await removeUser(openUserFile(place.files.htpasswd), 'bob')
  place.pass(2000)
  expect((await ping()).status).toBe(401)
  expect((await place.send('/v2/public/base/manifests/1', bearer(token))).status).toBe(401)
})

test('personal and robot tokens are limited, recorded and revocable', async () => {
  await using place = await openPlace()
  await using tokens = openTokens(place.files)
  const make = async (facts: Partial<Parameters<typeof makeApiToken>[0]>) => {
    const base = { kind: 'user', owner: 'alice', label: 'laptop', createdAt: Date.now() } as const
    const made = makeApiToken({ ...base, ...facts })
    await tokens.put(made.token)
    return made
  }
  const personal = await make({ scopes: ['team/app:pull'] })
  const push = (init: RequestInit) =>
    place.send('/v2/team/app/blobs/uploads/', { method: 'POST', ...init })
  expect((await place.send('/v2/team/app/tags/list', asUser('alice', personal.text))).status).toBe(
    200,
  )
  expect((await place.send('/v2/team/app/tags/list', bearer(personal.text))).status).toBe(200)
  expect((await push(asUser('alice', personal.text))).status).toBe(403)
  expect((await place.send('/v2/', asUser('bob', personal.text))).status).toBe(401)
  expect((await tokens.find(personal.token.id))?.usedAt).toBeNumber()
  const scope = 'repository:team/app:pull,push'
  const narrow = await place.login('alice', personal.text, scope)
  expect([narrow['scope'], narrow['refresh_token']]).toEqual([
    'repository:team/app:pull',
    undefined,
  ])
  expect((await place.send('/v2/team/app/tags/list', bearer(narrow['token']))).status).toBe(200)

  const robot = await make({ kind: 'robot', owner: 'builder', expiresAt: Date.now() + 60_000 })
  const asRobot = asUser('robot+builder', robot.text)
  const toCi = () => place.send('/v2/ci/x/blobs/uploads/', { method: 'POST', ...asRobot })
  expect((await toCi()).status).toBe(202)
  expect((await place.send('/v2/', asUser('builder', robot.text))).status).toBe(401)
  place.pass(61_000)
  expect((await toCi()).status).toBe(401)

  await tokens.remove(personal.token.id)
  expect((await place.send('/v2/', asUser('alice', personal.text))).status).toBe(401)
  expect((await place.send('/v2/team/app/tags/list', bearer(narrow['token']))).status).toBe(401)
})

test('failed logins are slowed, and a login that works is not locked out', async () => {
  await using place = await openPlace()
  const statuses: number[] = []
  expect((await place.send('/v2/', asUser('alice', 'alice-secret'))).status).toBe(200)
  for (let count = 0; count < 6; count += 1) {
    statuses.push((await place.send('/v2/', asUser('alice', `wrong-${count}`))).status)
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  const slowed = await place.send('/v2/', asUser('bob', 'bobs-secret'))
  expect([slowed.status, slowed.headers.get('Retry-After')]).toEqual([429, '1'])
  expect((await place.send('/v2/', asUser('alice', 'alice-secret'))).status).toBe(200)
  place.pass(2000)
  expect((await place.send('/v2/', asUser('bob', 'bobs-secret'))).status).toBe(200)
})

test('openAuth() limits requests per second, and says when to try again', async () => {
  await using place = await openPlace({
    config: { ...config, limits: { requestsPerSecond: 2, burst: 3 } },
  })
  const get = () => place.send('/v2/public/base/manifests/1')
  expect((await Promise.all([get(), get(), get()])).map(({ status }) => status)).toEqual([
    200, 200, 200,
  ])
  const late = await get()
  expect([late.status, late.headers.get('Retry-After')]).toEqual([429, '1'])
  place.pass(600)
  expect((await get()).status).toBe(200)
})

test('openAuth() asks for passwords when the configuration says so', async () => {
  const own: RegistryConfig = { ...config, auth: { tokens: { challenge: 'basic' } } }
  await using place = await openPlace({ config: own })
  const ping = await place.send('/v2/')
  expect(ping.headers.get('WWW-Authenticate')).toStartWith('Basic ')
  expect((await place.send(tokenPath)).status).toBe(404)
})

test('hasAuth() and isUsable() tell an open registry from a closed one', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-access-')
  const files = authFiles({}, directory.path)
  expect(await hasAuth({}, files)).toBe(false)
  expect(await isUsable({ auth: {} }, files)).toBe(false)
  expect(await isUsable(config, files)).toBe(true)
  expect(await findTokens(files)).toBeUndefined()
  await addUser(openUserFile(files.htpasswd), 'alice', 'alice-secret')
  expect([await hasAuth({}, files), await isUsable({}, files)]).toEqual([true, true])
  await removeUser(openUserFile(files.htpasswd), 'alice')
  expect([await hasAuth({}, files), await isUsable({}, files)]).toEqual([true, false])
  // A robot alone makes a registry that is not open to everybody.
  const robots = authFiles({}, `${directory.path}/robots`)
  await using tokens = openTokens(robots)
  const robot = { kind: 'robot', owner: 'ci', label: '', createdAt: 0 } as const
  await tokens.put(makeApiToken(robot).token)
  expect([await hasAuth({}, robots), await isUsable({}, robots)]).toEqual([true, true])
})

test('a job logs in with the token of its issuer, as Docker and as a bearer', async () => {
  const { privateKey, publicKey } = await generateKeyPair('ES256')
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one' }]
  let issuer = ''
  await using server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url }: Request): Response =>
      Response.json(url.endsWith('/keys') ? { keys } : { issuer, jwks_uri: `${issuer}/keys` }),
  })
  issuer = server.url.origin
  const job = new SignJWT({ sub: 'repo:acme/app', repository: 'acme/app', noise: 'x'.repeat(3000) })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(issuer)
    .setAudience('registry')
    .setExpirationTime('5m')
  const token = await job.sign(privateKey)
  const own: RegistryConfig = {
    auth: { oidc: [{ name: 'github', issuer, audience: 'registry' }] },
    access: {
      rules: [
        {
          repositories: ['team/**'],
          subjects: [{ issuer: 'github', claims: { repository: 'acme/*' } }],
          actions: ['pull', 'push'],
        },
      ],
    },
  }
  await using place = await openPlace({ config: own })
  const pull = (init: RequestInit) => place.send('/v2/team/app/manifests/1', init)
  expect((await pull(bearer(token))).status).toBe(200)
  expect((await pull(asUser('oidc', token))).status).toBe(200)
  expect((await pull(asUser('alice', token))).status).toBe(401)
  expect((await pull(asUser('oidc', `${token}x`))).status).toBe(401)
  const scope = 'repository:team/app:pull,push,delete repository:secret/app:pull'
  const made = await place.login('oidc', token, scope)
  expect([made['scope'], made['refresh_token']]).toEqual([
    'repository:team/app:pull,push',
    undefined,
  ])
  // The access token carries the claims that rules read, and no others.
  expect(made['token']?.length).toBeLessThan(1500)
  expect((await pull(bearer(made['token']))).status).toBe(200)
})
