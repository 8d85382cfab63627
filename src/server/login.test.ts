import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '#registry/config/parse-config'
import { addUser, removeUser, setPassword } from '#registry/identity/user-facts'
import { openUserFile } from '#registry/identity/user-file'
import { fromBuffer } from '#stream'
import { emptyConfig, manifest } from '../registry/testing/fixtures.ts'
import { openStoredRegistry } from './registry.ts'
import { serveConfigured } from './serve-configured.ts'

const password = 'ann-s password'
const minute = 60_000
const [one, two] = ['1', '2'].map((value) => manifest({ annotations: { value } }))
const text = `auth: { sessions: { idle: 1h, lifetime: 1d } }
listen: { port: 0 }
access:
  rules:
    - { repositories: [team/**], subjects: ["user:ann", "user:bob"], actions: [pull, push] }
`

let [root, url, secureUrl] = ['', '', '']
let skipped = 0
const users = () => `${root}/users`
const audited: Record<string, unknown>[] = []
const opened = new AsyncDisposableStack()

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'strake-login-'))
  for (const name of ['ann', 'bob', 'cat']) await addUser(openUserFile(users()), name, password)
  const served = opened.use(await openStoredRegistry(join(root, 'data')))
  const app = served.registry.repository('team/app')
  for (const target of [one, two]) {
    for (const { descriptor, raw } of [emptyConfig, target ?? emptyConfig]) {
      await app.write(descriptor, fromBuffer(raw))
    }
    await app.tag('v1', (target ?? emptyConfig).descriptor)
  }
  const config = await parseConfig(text, join(root, 'registry.yml'))
  const serve = async (listen: object) => {
    const server = await serveConfigured(
      { ...served, now: () => Date.now() + skipped },
      {
        config: { ...config, log: { audit: 'stderr' }, listen: { ...config.listen, ...listen } },
        files: { htpasswd: users(), tokens: `${root}/tokens`, key: `${root}/key` },
        writeLine: (line) => audited.push(JSON.parse(line)),
      },
    )
    return opened.use(server).url
  }
  url = await serve({})
  secureUrl = await serve({ url: 'https://registry.example.com' })
}, 30_000)
afterAll(async () => {
  await opened.disposeAsync()
  await rm(root, { recursive: true })
})

/** A browser: it keeps cookies, and follows no redirects. */
class Browser {
  readonly cookies = new Map<string, string>()
  lastCookies: readonly string[] = []
  readonly #url: string

  constructor(at = url) {
    this.#url = at
  }

  async send(path: string, init: RequestInit = {}) {
    const Cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(this.#url + path, {
      redirect: 'manual',
      ...init,
      headers: { ...(Cookie === '' ? {} : { Cookie }), ...init.headers },
    })
    this.lastCookies = response.headers.getSetCookie()
    for (const cookie of this.lastCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (cookie.includes('Max-Age=0')) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const body = await response.text()
    const token = /name="token" value="([0-9a-f]{64})"/.exec(body)?.[1] ?? ''
    const { status, headers } = response
    return { status, body, token, location: headers.get('Location'), headers }
  }

  async submit(path: string, fields: Record<string, string>, page = path) {
    const { token } = await this.send(page)
    const body = new URLSearchParams({ token, ...fields })
    return await this.send(path, { method: 'POST', body, headers: { Origin: this.#url } })
  }

  async signIn(name: string, secret = password, to = '/') {
    return await this.submit('/login', { name, password: secret, to })
  }

  async isSignedIn(): Promise<boolean> {
    return (await this.send('/')).body.includes('Sign out')
  }
}

test('a page that needs a login leads to the form and back, and the API does not', async () => {
  const browser = new Browser()
  const page = '/repositories/team/app?after=a'
  const first = await browser.send(page)
  expect([first.status, first.location]).toEqual([
    303,
    `/login?to=${encodeURIComponent('/repositories/team/app?after=a')}`,
  ])
  expect(first.headers.get('WWW-Authenticate')).toBeNull()
  const form = await browser.send(first.location ?? '')
  expect(form.status).toBe(200)
  expect(form.body).toContain(`name="to" value="${page}"`)
  const done = await browser.submit(
    '/login',
    { name: 'ann', password, to: page },
    first.location ?? '',
  )
  expect([done.status, done.location]).toEqual([303, page])
  expect((await browser.send(page)).body).toContain('Signed in as <b>ann</b>')
  const data = await new Browser().send('/api/v1/repositories')
  expect([data.status, data.headers.get('WWW-Authenticate')]).toEqual([
    401,
    expect.stringMatching(/^Basic/),
  ])
  expect((await browser.send('/api/v1/repositories')).status).toBe(200)
  // The session is for the page: no request to the API is made by a cookie.
  expect((await browser.send('/v2/')).status).toBe(401)
  expect((await browser.send('/v2/team/app/manifests/v1')).status).toBe(401)
  expect((await browser.send('/login')).location).toBe('/')
})

test('a login leads to no other site', async () => {
  for (const to of [
    'https://evil.example/',
    '//evil.example',
    '/.//evil.example',
    '/\\evil.example',
  ]) {
    expect((await new Browser().signIn('ann', password, to)).location).toBe('/')
  }
})

test('cookies are hidden from scripts and other sites, and over HTTPS bound to the host', async () => {
  const plain = new Browser()
  await plain.signIn('ann')
  expect(plain.lastCookies).toEqual([
    expect.stringMatching(
      /^strake-session=strake_[0-9a-f]{16}_[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    ),
    expect.stringMatching(/^strake-form=[0-9a-f]{64}; Path=\/; HttpOnly; SameSite=Strict$/),
  ])
  const secure = new Browser(secureUrl)
  await secure.signIn('ann')
  expect(secure.lastCookies).toEqual([
    expect.stringMatching(/^__Host-strake-session=\S+; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
    expect.stringMatching(/^__Host-strake-form=\S+; Path=\/; HttpOnly; Secure; SameSite=Strict$/),
  ])
  expect(await secure.isSignedIn()).toBe(true)
  // Another host of the domain can set a cookie without the prefix, and a second one of the same name.
  const tossed = new Browser(secureUrl)
  for (const [name, value] of plain.cookies) tossed.cookies.set(name, value)
  expect(await tossed.isSignedIn()).toBe(false)
  const session = plain.cookies.get('strake-session')
  const twice = { Cookie: `strake-session=${session}; strake-session=${session}` }
  expect((await new Browser().send('/', { headers: twice })).status).toBe(303)
})

test('the records have no session that could be used', async () => {
  const browser = new Browser()
  await browser.signIn('ann')
  const secret = browser.cookies.get('strake-session')?.slice('strake_0123456789abcdef_'.length)
  using database = new Database(`${root}/tokens`, { readonly: true })
  const rows = JSON.stringify(database.query('SELECT * FROM tokens').all())
  expect(rows).toContain('"session"')
  expect(secret).toHaveLength(43)
  expect(rows).not.toContain(secret ?? '')
  // It is no password and no bearer token either.
  const text = browser.cookies.get('strake-session') ?? ''
  for (const Authorization of [`Basic ${btoa(`ann:${text}`)}`, `Bearer ${text}`]) {
    expect((await fetch(`${url}/v2/`, { headers: { Authorization } })).status).toBe(401)
  }
})

test('a form of another site or another browser signs nobody in', async () => {
  const attacker = new Browser()
  const { token } = await attacker.send('/login')
  const victim = new Browser()
  await victim.send('/login')
  const post = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
    victim.send('/login', {
      method: 'POST',
      body: new URLSearchParams({ name: 'bob', password, ...fields }),
      headers,
    })
  const own = victim.cookies.get('strake-form') ?? ''
  expect((await post({})).status).toBe(403)
  expect((await post({ token })).status).toBe(403)
  expect((await post({ token: own }, { Origin: 'https://evil.example' })).status).toBe(403)
  expect((await post({ token: own }, { 'Sec-Fetch-Site': 'same-site' })).status).toBe(403)
  expect(victim.cookies.has('strake-session')).toBe(false)
  expect((await post({ token: own })).status).toBe(303)
})

test('every login begins a new session and a new token of forms', async () => {
  const browser = new Browser()
  await browser.signIn('bob')
  const before = new Map(browser.cookies)
  browser.cookies.delete('strake-session')
  await browser.signIn('ann')
  for (const [name, value] of before) expect(browser.cookies.get(name)).not.toBe(value)
  // The server makes no session of a cookie that an attacker has set in the browser.
  const fixed = new Browser()
  const planted = `strake_${'0'.repeat(16)}_${'A'.repeat(43)}`
  fixed.cookies.set('strake-session', planted)
  await fixed.signIn('ann')
  expect(fixed.cookies.get('strake-session')).not.toBe(planted)
})

test('a wrong password, a token and an unknown name get the same answer, and guesses are slowed down', async () => {
  const browser = new Browser()
  await browser.signIn('cat')
  const made = await browser.send('/api/v1/tokens', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"label":"a"}',
  })
  const { text: ownToken } = JSON.parse(made.body) as { readonly text: string }
  const faults = await Promise.all(
    [
      ['cat', 'no-such-secret'],
      ['cat', ownToken],
      ['nobody', 'no-such-secret'],
    ].map(async ([name = '', secret = '']) => {
      const { status, body } = await new Browser().signIn(name, secret)
      expect(body).not.toContain(secret)
      return [status, /role="alert">([^<]+)/.exec(body)?.[1], body.includes(`value="${name}"`)]
    }),
  )
  const same = [403, 'Cannot sign in: the name or the password is wrong.', true]
  expect(faults).toEqual([same, same, same])
  for (let tries = 0; tries < 4; tries += 1) await new Browser().signIn('cat', `wrong ${tries}`)
  const slowed = await new Browser().signIn('cat', 'one more')
  expect([slowed.status, slowed.headers.get('Retry-After')]).toEqual([
    429,
    expect.stringMatching(/^\d+$/),
  ])
  expect(slowed.body).toContain('too many failed logins')
  expect(await browser.isSignedIn()).toBe(true)
  skipped += 6 * minute
  expect((await new Browser().signIn('cat')).status).toBe(303)
  const logins = audited.filter(({ action }) => action === 'login')
  expect(logins.slice(-1)).toMatchObject([{ principal: 'cat', status: 200 }])
  expect(logins).toContainEqual(expect.objectContaining({ status: 401 }))
})

test('a session ends by a logout, alone or in all browsers of its user', async () => {
  const [one, two, other] = [new Browser(), new Browser(), new Browser()]
  for (const each of [one, two]) await each.signIn('ann')
  await other.signIn('bob')
  const kept = one.cookies.get('strake-session') ?? ''
  expect((await one.send('/logout')).status).toBe(403)
  expect((await one.send('/logout', { method: 'POST' })).status).toBe(403)
  expect(await one.isSignedIn()).toBe(true)
  expect((await one.submit('/logout', {}, '/')).location).toBe('/')
  expect(one.cookies.has('strake-session')).toBe(false)
  one.cookies.set('strake-session', kept)
  expect([await one.isSignedIn(), await two.isSignedIn()]).toEqual([false, true])
  one.cookies.delete('strake-session')
  await one.signIn('ann')
  const { body } = await two.send('/tokens')
  expect(body).toContain('Sign out in all browsers')
  expect(body.match(/\(this browser\)/g)).toHaveLength(1)
  expect(body.match(/\(signed in to this page\)/g)?.length).toBeGreaterThan(0)
  await two.submit('/logout', { everywhere: 'yes' }, '/tokens')
  expect([await one.isSignedIn(), await other.isSignedIn()]).toEqual([false, true])
  expect(audited.at(-1)).toMatchObject({ action: 'admin', principal: 'ann' })
})

test('a session ends when it is not used, and after its lifetime', async () => {
  const [idle, used] = [new Browser(), new Browser()]
  for (const each of [idle, used]) await each.signIn('ann')
  for (let count = 0; count < 30; count += 1) {
    skipped += 50 * minute
    const isYoung = (count + 1) * 50 < 24 * 60
    expect([count, await used.isSignedIn()]).toEqual([count, isYoung])
    if (count === 1) expect(await idle.isSignedIn()).toBe(false)
    if (!isYoung) break
  }
})

test('a session ends when the password changes and when the user is removed', async () => {
  const [ann, bob] = [new Browser(), new Browser()]
  await ann.signIn('ann')
  await bob.signIn('bob')
  await setPassword(openUserFile(users()), 'ann', 'another password')
  await removeUser(openUserFile(users()), 'bob')
  skipped += 2000
  expect([await ann.isSignedIn(), await bob.isSignedIn()]).toEqual([false, false])
  await setPassword(openUserFile(users()), 'ann', password)
  skipped += 2000
  // The same password again is another one: the session stays ended.
  expect(await ann.isSignedIn()).toBe(false)
})

test('a user with a session rolls a tag back under its own name, and makes and ends tokens', async () => {
  const browser = new Browser()
  await browser.signIn('ann')
  const history = '/repositories/team/app/-/history/v1'
  const { descriptor } = one ?? emptyConfig
  const rolled = await browser.submit(history, { digest: descriptor.digest })
  expect([rolled.status, rolled.location]).toEqual([303, history])
  const [{ moves }] = [
    JSON.parse((await browser.send(`/api/v1${history}`)).body) as { moves: readonly unknown[] },
  ]
  expect(moves[0]).toMatchObject({ digest: descriptor.digest, movedBy: 'ann' })
  const made = await browser.submit('/tokens', { make: 'yes', label: 'laptop' })
  expect(made.body).toContain('It is shown only now')
  // Without its session, a browser that is still open cannot go on.
  const { token } = await browser.send('/tokens')
  browser.cookies.delete('strake-session')
  const body = new URLSearchParams({ token, make: 'yes' })
  expect((await browser.send('/tokens', { method: 'POST', body })).status).toBe(401)
  const digest = { token, digest: descriptor.digest }
  const late = { method: 'POST', body: new URLSearchParams(digest) }
  expect((await browser.send(history, late)).status).toBe(401)
})
