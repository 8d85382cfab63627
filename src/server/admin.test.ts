import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '#registry/config/parse-config'
import { fromBuffer } from '#stream'
import { blob, emptyConfig, manifest, noise } from '../registry/testing/fixtures.ts'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'

const evil = `"'><script>alert(1)</script>\u202e`
const layer = blob(noise(1000))
const image = manifest({ layers: [layer.descriptor] })
const hash = Bun.password.hashSync('secret', { algorithm: 'bcrypt', cost: 4 })

const text = `access:
  rules:
    - { repositories: [team/**], subjects: ["user:bob", "robot:ci"], actions: [pull, push] }
    - { repositories: ["**"], subjects: ["user:root"], actions: [admin] }
    - { repositories: ["**"], subjects: [authenticated], actions: [pull] }
quotas:
  - { prefix: team, bytes: 10kB }
  - { eachUser: true, bytes: 1MB }
retention:
  - { repositories: [team/**], tags: [old*], keep: { newestPushed: 0 } }
`

let root: string
let url: string
const audited: Record<string, unknown>[] = []
const opened = new AsyncDisposableStack()

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'strake-admin-'))
  await Bun.write(join(root, 'users'), `root:${hash}\nbob:${hash}\n`)
  const served = opened.use(await openStoredRegistry(join(root, 'data')))
  const app = served.registry.repository('team/app', { sender: 'bob' })
  for (const { descriptor, raw } of [emptyConfig, layer, image]) {
    await app.write(descriptor, fromBuffer(raw))
  }
  for (const tag of ['v1', 'old1']) await app.tag(tag, image.descriptor)
  const config = await parseConfig(text, join(root, 'registry.yml'))
  const files = { htpasswd: `${root}/users`, tokens: `${root}/tokens`, key: `${root}/key` }
  const server = opened.use(
    await serveConfigured(served, {
      config: { ...config, listen: { port: 0 }, log: { audit: 'stderr' } },
      files,
      writeLine: (line) => audited.push(JSON.parse(line)),
    }),
  )
  url = server.url
})
afterAll(async () => {
  await opened.disposeAsync()
  await rm(root, { recursive: true })
})

const as = (name: string, secret = 'secret') => ({
  Authorization: `Basic ${btoa(`${name}:${secret}`)}`,
})

async function open(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(url + path, { headers, redirect: 'manual' })
  const body = await response.text()
  const cookie = response.headers.get('Set-Cookie')?.split(';')[0] ?? ''
  const token = /name="token" value="([0-9a-f]{64})"/.exec(body)?.[1] ?? ''
  return { status: response.status, body, cookie, token, headers: response.headers }
}

/** Sends a form as a browser does that has opened the page before. */
async function submit(
  path: string,
  sender: Record<string, string>,
  fields: Record<string, string>,
) {
  const { cookie, token } = await open(path, sender)
  const response = await fetch(url + path, {
    method: 'POST',
    headers: { ...sender, Cookie: cookie, Origin: url },
    body: new URLSearchParams({ token, ...fields }),
    redirect: 'manual',
  })
  return { status: response.status, body: await response.text() }
}

async function send(path: string, sender: Record<string, string>, value: unknown) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method: 'POST',
    headers: { ...sender, 'Content-Type': 'application/json' },
    body: JSON.stringify(value),
  })
  return { status: response.status, value: (await response.json()) as Record<string, unknown> }
}

const list = async (sender: Record<string, string>) =>
  JSON.parse((await open('/api/v1/tokens', sender)).body).tokens as readonly Record<
    string,
    unknown
  >[]

test('a user makes a token by a form, uses it, sees when it was used, and revokes it', async () => {
  const made = await submit('/tokens', as('bob'), {
    ...{ make: 'yes', label: evil, days: '7', scopes: 'team/**:pull other:pull' },
  })
  expect(made.status).toBe(200)
  const text = /<code>(strake_[\w-]+)<\/code>/.exec(made.body)?.[1] ?? ''
  expect(made.body).toContain('Log in as <b>bob</b>')
  expect(made.body).not.toContain('<script')
  expect(made.body).toContain('\\u{202e}')
  const manifests = `${url}/v2/team/app/manifests/v1`
  expect((await fetch(manifests, { headers: as('bob', text) })).status).toBe(200)
  const [listed, ...others] = await list(as('bob'))
  expect(others).toEqual([])
  expect(listed).toMatchObject({
    ...{ kind: 'user', owner: 'bob', label: evil, scopes: ['team/**:pull', 'other:pull'] },
    usedAt: expect.any(Number),
    expiresAt: expect.any(Number),
  })
  expect(JSON.stringify(listed)).not.toContain('ecret')
  expect((await open('/tokens', as('bob'))).body).not.toContain(text)
  const revoked = await submit('/tokens', as('bob'), { revoke: String(listed?.['id']) })
  expect(revoked.status).toBe(303)
  expect((await fetch(manifests, { headers: as('bob', text) })).status).toBe(401)
})

test('a token is never wider than its owner, and makes no other tokens', async () => {
  const { value } = await send('/tokens', as('bob'), { label: 'a', days: 1 })
  const { id, text } = value as { readonly id: string; readonly text: string }
  const remove = { method: 'DELETE', headers: as('bob', text) }
  expect((await fetch(`${url}/v2/team/app/manifests/v1`, remove)).status).toBe(403)
  expect((await send('/tokens', as('bob', text), { label: 'b' })).status).toBe(403)
  expect((await open('/tokens', as('bob', text))).status).toBe(403)
  expect((await send('/tokens', as('bob'), { robot: 'ci' })).status).toBe(403)
  expect((await send('/tokens', as('bob'), { scopes: ['../x:pull'] })).status).toBe(400)
  expect((await send('/tokens', as('bob'), { days: -1 })).status).toBe(400)
  expect((await send('/tokens', as('bob'), { label: 7 })).status).toBe(400)
  expect((await send('/tokens', as('bob'), { revoke: id })).status).toBe(200)
})

test('an administrator makes tokens of robots, sees all tokens and ends those of others', async () => {
  const own = await send('/tokens', as('bob'), { label: 'of bob' })
  const robot = await send('/tokens', as('root'), { robot: 'ci', label: 'pipeline' })
  expect(robot.value).toMatchObject({ login: 'robot+ci', text: expect.stringMatching(/^strake_/) })
  expect((await list(as('root'))).map(({ label }) => label)).toEqual(['pipeline', 'of bob'])
  expect((await list(as('bob'))).map(({ label }) => label)).toEqual(['of bob'])
  // A token of others is as one that never was.
  const wrong = await send('/tokens', as('bob'), { revoke: robot.value['id'] })
  const none = await send('/tokens', as('bob'), { revoke: '0123456789abcdef' })
  expect([wrong.status, none.status]).toEqual([404, 404])
  for (const each of [own, robot]) {
    expect((await send('/tokens', as('root'), { revoke: each.value['id'] })).status).toBe(200)
  }
  expect(await list(as('root'))).toEqual([])
})

test('the page of administrators shows quotas and their use, and what a collection would remove', async () => {
  const page = await open('/admin', as('root'))
  expect(page.body).toMatch(/<th scope="row">team<\/th><td class="number">1\.\d kB<\/td>/)
  expect(page.body).toContain('<th scope="row">user bob</th>')
  expect(JSON.parse((await open('/api/v1/admin', as('root'))).body)).toMatchObject({
    quotas: [
      { of: 'team', bytes: 10_000, used: expect.any(Number) },
      { of: 'user root', used: 0 },
      { of: 'user bob', bytes: 1_000_000 },
    ],
    usage: { repositories: 1, manifests: 1, tags: 2 },
    collection: { isRunning: false },
  })
  expect(JSON.parse((await open('/api/v1/admin/collection', as('root'))).body)).toEqual({
    ...{ tags: 1, manifests: 0, blobs: 0, bytes: 0 },
    first: [{ repository: 'team/app', kind: 'tag', tag: 'old1' }],
  })
  expect((await submit('/admin/collection', as('root'), {})).status).toBe(303)
  for (;;) {
    const { collection } = JSON.parse((await open('/api/v1/admin', as('root'))).body)
    if (collection.last === undefined) continue
    expect(collection.last).toMatchObject({ tags: 1, manifests: 0, hasFailed: false })
    break
  }
  expect(audited.filter(({ principal }) => principal === 'retention')).toMatchObject([
    {
      action: 'delete',
      repository: 'team/app',
      reference: 'old1',
      digest: image.descriptor.digest,
    },
  ])
  const tags = await fetch(`${url}/v2/team/app/tags/list`, { headers: as('root') })
  expect(await tags.json()).toMatchObject({ tags: ['v1'] })
})

test('the audit log has what administrators, and users with their tokens, have changed', async () => {
  audited.splice(0)
  const { value } = await send('/tokens', as('root'), { robot: 'ci' })
  await send('/tokens', as('bob'), { revoke: value['id'] })
  await send('/tokens', as('root'), { revoke: value['id'] })
  await send('/admin/collection', as('root'), {})
  const about = { action: 'admin', principal: 'root', address: '127.0.0.1' }
  expect(audited.filter(({ action }) => action === 'admin')).toMatchObject([
    { ...about, reason: `made the token ${value['id']} for robot+ci` },
    { ...about, reason: `revoked the token ${value['id']}` },
    { ...about, reason: 'started a collection' },
  ])
  expect(JSON.stringify(audited)).not.toContain(String(value['text']))
})

test('administration is for administrators, and nobody else learns more', async () => {
  for (const path of ['/admin', '/admin/collection', '/api/v1/admin']) {
    const [anonymous, bob] = [await open(path), await open(path, as('bob'))]
    const isData = path.startsWith('/api')
    expect([path, anonymous.status, bob.status]).toEqual([path, isData ? 401 : 303, 403])
    const { headers } = anonymous
    if (isData) expect(headers.get('WWW-Authenticate')).toStartWith('Basic')
    else expect(headers.get('Location')).toBe(`/login?to=${encodeURIComponent(path)}`)
    expect(bob.body).toContain('no rule about all repositories')
  }
  expect((await send('/admin/collection', as('bob'), {})).status).toBe(403)
  expect((await open('/tokens')).status).toBe(303)
  expect((await open('/', as('bob'))).body).toContain('href="/tokens"')
  expect((await open('/', as('bob'))).body).not.toContain('href="/admin"')
  expect((await open('/', as('root'))).body).toContain('href="/admin"')
})

test('a page of another site cannot change anything with the password of an administrator', async () => {
  const { cookie, token } = await open('/tokens', as('root'))
  const post = async (path: string, headers: Record<string, string>, body: string) =>
    (await fetch(url + path, { method: 'POST', headers: { ...as('root'), ...headers }, body }))
      .status
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
  for (const path of ['/tokens', '/admin/collection']) {
    // Without the cookie, without the field, with those of two browsers, and from another origin.
    expect(await post(path, form, `token=${token}&make=yes`)).toBe(403)
    expect(await post(path, { ...form, Cookie: cookie }, 'make=yes')).toBe(403)
    expect(await post(path, { ...form, Cookie: cookie }, `token=${'0'.repeat(64)}`)).toBe(403)
    const foreign = { ...form, Cookie: cookie, Origin: 'https://evil.example' }
    expect(await post(path, foreign, `token=${token}`)).toBe(403)
    // A form of another site can have these types, and no other.
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect(await post(`/api/v1${path}`, { 'Content-Type': type }, '{}')).toBe(400)
    }
  }
  expect(await list(as('root'))).toEqual([])
})
