import { expect, test } from 'bun:test'
import { readdir, stat, symlink } from 'node:fs/promises'
import { expectCode } from '../testing/expect-code.ts'
import { instantRetries, peer } from '../testing/fixtures.ts'
import { login, logout } from './login.ts'
import { credentialsFromConfig } from './source.ts'
import { auth, openTestbed } from './testing/testbed.ts'

const config = '.docker/config.json'
const ann = { username: 'ann', secret: 'right' }

const { fetch } = peer((request) =>
  request.headers.get('Authorization') === `Basic ${btoa('ann:right')}`
    ? new Response('{}')
    : new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="r"' } }),
)
const connect = { fetch, retry: instantRetries(2) }

test('login() writes accepted credentials, readable by the owner only', async () => {
  await using bed = await openTestbed()
  const result = await login('localhost:5000', ann, { ...connect, env: bed.env })
  expect(result.storedIn).toBe(`${bed.root}/${config}`)
  expect((await stat(`${bed.root}/${config}`)).mode & 0o777).toBe(0o600)
  expect(await credentialsFromConfig(bed.env)('localhost:5000')).toEqual(ann)
})

test('login() writes nothing when the registry refuses, and throws the reason', async () => {
  await using bed = await openTestbed()
  const work = login('localhost:5000', { ...ann, secret: 'wrong' }, { ...connect, env: bed.env })
  const message = await expectCode(work, ['UNAUTHORIZED'])
  expect(message).toBe('Cannot log in to localhost:5000: the user name or the password is wrong')
  expect(await readdir(bed.root)).toEqual(['bin'])
})

test('login() keeps everything else in the file, and a symbolic link', async () => {
  await using bed = await openTestbed()
  await bed.write('real.json', {
    auths: { 'quay.io': auth('u', 'p') },
    psFormat: 'table',
    currentContext: 'x',
  })
  await bed.write('.docker/other', '')
  await symlink(`${bed.root}/real.json`, `${bed.root}/${config}`)
  await login('localhost:5000', ann, { ...connect, env: bed.env })
  const written = JSON.parse(await bed.read('real.json'))
  expect(written).toMatchObject({ psFormat: 'table', currentContext: 'x' })
  expect(Object.keys(written.auths)).toEqual(['quay.io', 'localhost:5000'])
  expect((await readdir(`${bed.root}/.docker`)).sort()).toEqual(['config.json', 'other'])
})

test('login() and logout() leave the secret to a configured helper', async () => {
  await using bed = await openTestbed()
  await bed.helper('box', `cat > ${bed.root}/$1`)
  await bed.write(config, { credsStore: 'box' })
  const { storedIn } = await login('localhost:5000', ann, { ...connect, env: bed.env })
  expect(storedIn).toBe('the credential helper box')
  expect(await bed.read(config)).not.toContain(auth('ann', 'right').auth)
  expect(await bed.read('store')).toContain('right')
  expect(await logout('localhost:5000', { env: bed.env })).toBe(true)
  expect(await bed.read('erase')).toBe('localhost:5000')
})

test('logout() removes the credential from every file, and no other credential', async () => {
  await using bed = await openTestbed()
  const auths = { 'localhost:5000': auth('u', 'p'), 'quay.io': auth('u', 'p') }
  for (const path of [config, '.config/containers/auth.json']) await bed.write(path, { auths })
  expect(await logout('localhost:5000', { env: bed.env })).toBe(true)
  const find = credentialsFromConfig(bed.env)
  expect(await find('localhost:5000')).toBeUndefined()
  expect(await find('quay.io')).toBeDefined()
  expect(await logout('localhost:5000', { env: bed.env })).toBe(false)
})

test('login() keeps the refresh token of a token service in place of the password', async () => {
  await using bed = await openTestbed()
  const asked: URLSearchParams[] = []
  const service = peer((request) => {
    const url = new URL(request.url)
    if (url.pathname === '/token') {
      asked.push(url.searchParams)
      return Response.json({ token: 'short', refresh_token: 'long' })
    }
    if (request.headers.get('Authorization') === 'Bearer short') return new Response('{}')
    const challenge = 'Bearer realm="http://localhost:5000/token",service="s"'
    return new Response(null, { status: 401, headers: { 'WWW-Authenticate': challenge } })
  })
  const options = { fetch: service.fetch, retry: instantRetries(1), env: bed.env }
  await login('localhost:5000', ann, options)
  expect(asked.map((query) => query.get('offline_token'))).toEqual(['true'])
  expect(await bed.read(config)).not.toContain(auth('ann', 'right').auth)
  const kept = await credentialsFromConfig(bed.env)('localhost:5000')
  expect([kept?.identityToken, kept?.secret]).toEqual(['long', ''])
})
