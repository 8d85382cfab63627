import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authFiles } from '#registry/access/open-auth'
import { addUser, removeUser, setPassword } from '#registry/identity/user-facts'
import { openUserFile } from '#registry/identity/user-file'
import { openReplicatedRegistry } from './replicated-registry.ts'
import { serveConfigured } from './serve-configured.ts'
import { type Cluster, clusterReason, startCluster } from './testing/cluster.ts'

const password = 'ann-s password'
const basic = (name: string, secret: string) => ({
  Authorization: `Basic ${btoa(`${name}:${secret}`)}`,
})

describe.skipIf(clusterReason !== undefined)('the users of replicas', () => {
  let cluster: Cluster
  let root = ''
  beforeAll(async () => {
    cluster = await startCluster()
    root = await mkdtemp(join(tmpdir(), 'strake-replicated-auth-'))
  }, 120_000)
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]()
    await rm(root, { recursive: true })
  })

  /** Two replicas, each with a directory of its own that has no files. */
  const openTwo = async (prepare?: (directory: string) => Promise<void>) => {
    const { bucket, database } = await cluster.createPlace()
    const opened = new AsyncDisposableStack()
    let skipped = 0
    const servers: { readonly url: string; readonly facts: Served['facts'] }[] = []
    type Served = Awaited<ReturnType<typeof openReplicatedRegistry>>
    for (const name of ['one', 'two']) {
      const directory = await mkdtemp(join(root, name))
      await prepare?.(directory)
      const now = () => Date.now() + skipped
      const served = opened.use(
        await openReplicatedRegistry({
          bucket,
          database: { url: database, connections: 4, now },
          redirects: false,
        }),
      )
      const config = { listen: { port: 0 }, auth: {}, storage: { database: { url: database } } }
      const files = authFiles(config, directory)
      const server = opened.use(
        await serveConfigured(served, { config, files, writeLine: () => {} }),
      )
      servers.push({ url: server.url, facts: served.facts })
    }
    const [one, two] = servers
    if (one === undefined || two === undefined) throw new TypeError('two replicas')
    return {
      one,
      two,
      pass: (milliseconds: number) => {
        skipped += milliseconds
      },
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  }

  const tokenOf = async (url: string, secret = password): Promise<string> => {
    const response = await fetch(`${url}/v2/_token?service=strake`, {
      headers: basic('ann', secret),
    })
    return ((await response.json()) as { readonly token?: string }).token ?? ''
  }
  const ping = async (url: string, headers: Record<string, string>): Promise<number> =>
    (await fetch(`${url}/v2/`, { headers })).status
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

  test('are in the database: each replica takes what another has signed', async () => {
    await using place = await openTwo()
    const { one, two } = place
    expect(await ping(one.url, basic('ann', password))).toBe(401)
    await addUser(one.facts.users, 'ann', password)
    place.pass(1001)
    const token = await tokenOf(one.url)
    for (const { url } of [one, two]) {
      expect(await ping(url, basic('ann', password))).toBe(200)
      expect(await ping(url, bearer(token))).toBe(200)
    }
    // The key has changed, and replicas that have not seen each other agree.
    place.pass(25 * 3_600_000)
    await tokenOf(two.url)
    place.pass(3 * 60_000)
    const [later, other] = [await tokenOf(one.url), await tokenOf(two.url)]
    for (const each of [later, other]) {
      for (const { url } of [one, two]) expect(await ping(url, bearer(each))).toBe(200)
    }
    await setPassword(two.facts.users, 'ann', 'another password')
    place.pass(1001)
    for (const { url } of [one, two]) {
      expect(await ping(url, bearer(later))).toBe(401)
      expect(await ping(url, basic('ann', password))).toBe(401)
    }
    await removeUser(one.facts.users, 'ann')
    place.pass(1001)
    expect(await ping(two.url, basic('ann', 'another password'))).toBe(401)
  }, 60_000)

  test('sign in at one replica, and go on and sign out at another', async () => {
    await using place = await openTwo()
    const { one, two } = place
    await addUser(one.facts.users, 'ann', password)
    const form = await fetch(`${one.url}/login`)
    const cookie = form.headers.get('Set-Cookie')?.split(';')[0] ?? ''
    const [, token = ''] = /name="token" value="([0-9a-f]{64})"/.exec(await form.text()) ?? []
    const post = (url: string, path: string, Cookie: string, fields: Record<string, string>) =>
      fetch(url + path, {
        ...{ method: 'POST', redirect: 'manual', headers: { Cookie } },
        body: new URLSearchParams({ token, ...fields }),
      })
    // The form of one replica is sent to another.
    const signed = await post(two.url, '/login', cookie, { name: 'ann', password })
    const cookies = signed.headers.getSetCookie().map((each) => each.split(';')[0] ?? '')
    const Cookie = cookies.join('; ')
    const shown = async (url: string) =>
      await (await fetch(url, { headers: { Cookie }, redirect: 'manual' })).text()
    for (const { url } of [one, two]) expect(await shown(url)).toContain('Signed in as <b>ann</b>')
    const [, next = ''] = /name="token" value="([0-9a-f]{64})"/.exec(await shown(one.url)) ?? []
    expect((await post(one.url, '/logout', Cookie, {})).status).toBe(403)
    expect((await post(one.url, '/logout', Cookie, { token: next })).status).toBe(303)
    expect(await shown(two.url)).not.toContain('Signed in')
  }, 60_000)

  test('wait after failed logins at several replicas', async () => {
    await using place = await openTwo()
    const { one, two } = place
    const urls = [one.url, two.url]
    const statuses: number[] = []
    for (let count = 0; count < 6; count += 1) {
      statuses.push(await ping(urls[count % 2] ?? '', basic('nobody', `guess ${count}`)))
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  }, 60_000)

  test('stay in a file that is there, as earlier versions have it', async () => {
    await using place = await openTwo(async (directory) => {
      await addUser(openUserFile(`${directory}/htpasswd`), 'ann', 'in the file')
    })
    const { one, two } = place
    await addUser(one.facts.users, 'ann', password)
    expect(await ping(one.url, basic('ann', 'in the file'))).toBe(200)
    expect(await ping(two.url, basic('ann', password))).toBe(401)
  }, 60_000)
})
