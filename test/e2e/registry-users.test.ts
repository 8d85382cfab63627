import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeAuthority, makeCertificate } from '../../src/server/testing/certificates.ts'
import { end, serveStrakeRegistry, until } from './servers.ts'
import { command, missing, type Outcome, openStrake, program, type Strake } from './strake.ts'

const reason = missing('tar')
if (reason) console.info(`skipped: users of a registry: ${reason}`)

const password = 'correct horse'

/** A client: how it logs in, and how it copies `from` to `to` with that login. */
interface Client {
  readonly name: string
  readonly login: (host: string, home: string) => readonly string[]
  readonly push: (host: string, home: string, layer: string) => readonly string[]
}

const clients: readonly Client[] = [
  {
    name: 'crane',
    login: (host) => ['crane', 'auth', 'login', '-u', 'alice', '--password-stdin', host],
    push: (host, _, layer) => [
      'crane',
      'append',
      '--insecure',
      '-f',
      layer,
      '-t',
      `${host}/team/crane:1`,
    ],
  },
  {
    name: 'oras',
    login: (host) => ['oras', 'login', '--plain-http', '-u', 'alice', '--password-stdin', host],
    push: (host, _, layer) => [
      'oras',
      'push',
      '--plain-http',
      '--disable-path-validation',
      `${host}/team/oras:1`,
      layer,
    ],
  },
  {
    name: 'skopeo',
    login: (host, home) => [
      ...['skopeo', 'login', '--authfile', `${home}/auth.json`, '--tls-verify=false'],
      ...['-u', 'alice', '--password-stdin', host],
    ],
    push: (host, home) => [
      ...['skopeo', 'copy', '--authfile', `${home}/auth.json`, '--dest-tls-verify=false'],
      ...[`oci:${home}/layout:app`, `docker://${host}/team/skopeo:1`],
    ],
  },
  {
    name: 'podman',
    login: (host, home) => [
      ...['podman', 'login', '--authfile', `${home}/auth.json`, '--tls-verify=false'],
      ...['-u', 'alice', '--password-stdin', host],
    ],
    push: (host, home) => [
      ...['skopeo', 'copy', '--authfile', `${home}/auth.json`, '--dest-tls-verify=false'],
      ...[`oci:${home}/layout:app`, `docker://${host}/team/podman:1`],
    ],
  },
  {
    name: 'docker',
    login: (host) => ['docker', 'login', '-u', 'alice', '--password-stdin', host],
    push: (host, _, layer) => [
      'crane',
      'append',
      '--insecure',
      '-f',
      layer,
      '-t',
      `${host}/team/docker:1`,
    ],
  },
]

describe.skipIf(reason !== undefined)('users of a registry', () => {
  let strake: Strake
  let storage = ''
  let layer = ''

  beforeAll(async () => {
    strake = await openStrake()
    storage = join(strake.directory, 'data')
    layer = join(strake.directory, 'layer.tar')
    await writeFile(join(strake.directory, 'file'), 'content\n')
    await command(['tar', '-C', strake.directory, '-cf', layer, 'file'])
    await strake.with({ input: await readFile(layer) }, 'import', '-', 'app')
    await user('add', 'alice')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const user = (verb: string, name: string): Promise<Outcome> =>
    strake.with(
      { input: password },
      'registry',
      'user',
      verb,
      '--password-stdin',
      '--storage',
      storage,
      name,
    )

  const statusOf = async (url: string, login?: string): Promise<number> => {
    const headers: Record<string, string> =
      login === undefined ? {} : { Authorization: `Basic ${btoa(login)}` }
    return (await fetch(url, { headers })).status
  }

  test('strake logs in, pushes and pulls; others do not', async () => {
    await using server = await serveStrakeRegistry(strake, '--storage', storage)
    const name = `${server.host}/team/app:1`
    await strake.ok('tag', 'app', name)
    const refused = await strake('push', name)
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining('authentication required'),
    ])
    const wrong = await strake.with(
      { input: 'wrong one' },
      'login',
      '-u',
      'alice',
      '--password-stdin',
      server.host,
    )
    expect(wrong.exitCode).toBe(1)
    await strake.with({ input: password }, 'login', '-u', 'alice', '--password-stdin', server.host)
    // The client keeps a token, and not the password.
    const kept = await readFile(join(strake.env['DOCKER_CONFIG'] ?? '', 'config.json'), 'utf8')
    expect(kept).toContain('identitytoken')
    expect(kept).not.toContain(btoa(`alice:${password}`))
    await strake.ok('push', name)
    await strake.ok('pull', name)
    await strake.ok('logout', server.host)
    expect((await strake('pull', name)).exitCode).toBe(1)
    expect(await statusOf(`http://${server.host}/v2/team/app/tags/list`)).toBe(401)
  })

  test('everybody pulls, and only users push, with --anonymous-pull', async () => {
    await using server = await serveStrakeRegistry(strake, '--storage', storage, '--anonymous-pull')
    const name = `${server.host}/open/app:1`
    await strake.ok('tag', 'app', name)
    expect((await strake('push', name)).exitCode).toBe(1)
    await strake.with({ input: password }, 'login', '-u', 'alice', '--password-stdin', server.host)
    await strake.ok('push', name)
    await strake.ok('logout', server.host)
    await strake.ok('pull', name)
  })

  for (const client of clients) {
    const needed =
      client.name === 'docker'
        ? ['docker', 'crane']
        : [client.name, ...(client.name === 'podman' ? ['skopeo'] : [])]
    const why = missing(...needed)
    if (why) console.info(`skipped: ${client.name} logs in: ${why}`)
    test.skipIf(why !== undefined)(`${client.name} logs in and pushes`, async () => {
      await using server = await serveStrakeRegistry(strake, '--storage', storage)
      const home = join(strake.directory, client.name)
      await command(['mkdir', '-p', `${home}/layout`])
      const env = {
        HOME: home,
        DOCKER_CONFIG: home,
        XDG_RUNTIME_DIR: home,
        REGISTRY_AUTH_FILE: `${home}/auth.json`,
      }
      const archive = await strake.with({}, 'save', '-o', `${home}/app.tar`, 'app')
      expect(archive.exitCode).toBe(0)
      await command(
        ['skopeo', 'copy', `docker-archive:${home}/app.tar`, `oci:${home}/layout:app`],
        { env },
      )
      const push = () => command(client.push(server.host, home, layer), { env, timeout: 60_000 })
      expect((await push()).exitCode).not.toBe(0)
      const login = client.login(server.host, home)
      const wrong = await command(login, { env, input: 'wrong one' })
      // crane stores what it is given, and asks no registry.
      expect(wrong.exitCode === 0).toBe(client.name === 'crane')
      const right = await command(login, { env, input: password })
      expect([right.exitCode, right.stderr]).toEqual([0, right.stderr])
      const pushed = await push()
      expect([pushed.exitCode, pushed.stderr]).toEqual([0, pushed.stderr])
    })
  }

  test('tokens and users change while the server runs', async () => {
    await using server = await serveStrakeRegistry(strake, '--storage', storage)
    const url = `http://${server.host}/v2/`
    const made = await strake.with(
      {},
      'registry',
      'token',
      'create',
      '--storage',
      storage,
      '--robot',
      'ci',
      '--scope',
      'team/**:pull',
      '--expires',
      '1d',
    )
    const token = made.stdout.trim()
    const id = /Token ([0-9a-f]{16})/.exec(made.stderr)?.[1] ?? ''
    expect(await statusOf(url, `robot+ci:${token}`)).toBe(200)
    expect(await strake.ok('registry', 'token', 'ls', '--storage', storage)).toContain(
      'team/**:pull',
    )
    await strake.ok('registry', 'token', 'revoke', '--storage', storage, id)
    expect(await statusOf(url, `robot+ci:${token}`)).toBe(401)
    await user('add', 'bob')
    await until(async () => (await statusOf(url, `bob:${password}`)) === 200)
    expect(await strake.ok('registry', 'user', 'ls', '--storage', storage)).toContain('bob')
    await strake.ok('registry', 'user', 'rm', '--storage', storage, 'bob')
    await until(async () => (await statusOf(url, `bob:${password}`)) === 401)
  })

  test('a registry without users does not start on a public address', async () => {
    const empty = join(strake.directory, 'empty')
    const refused = await strake(
      'registry',
      'serve',
      '--host',
      '0.0.0.0',
      '--port',
      '0',
      '--storage',
      empty,
    )
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('it has no users, and other machines can reach it')
    expect(refused.stderr).toContain('strake registry user add NAME')
    await using open = await serveStrakeRegistry(
      strake,
      '--host',
      '0.0.0.0',
      '--storage',
      empty,
      '--open',
    )
    expect(await statusOf(`http://127.0.0.1:${open.host.split(':')[1]}/v2/`)).toBe(200)
  })

  test('a configuration is checked before anything starts', async () => {
    const file = join(strake.directory, 'registry.yml')
    await writeFile(file, 'listen:\n  port: many\nretain: {}\n')
    const verified = await strake('registry', 'verify', file)
    expect([verified.exitCode, verified.stderr.split('\n')]).toEqual([
      1,
      [
        `${file}, line 2, listen.port: expected a whole number from 0 to 65535, got "many"`,
        expect.stringContaining(`${file}, line 3, retain: unknown key, expected listen, tls`),
        '',
      ],
    ])
    const served = await strake('registry', 'serve', '--config', file)
    expect(served.exitCode).toBe(1)
    expect(served.stderr).toContain('line 2, listen.port')
    expect(JSON.parse(await strake.ok('registry', 'schema'))).toMatchObject({ type: 'object' })
  })

  test('rules of a file decide, and why names them', async () => {
    const file = join(strake.directory, 'rules.yml')
    const audit = join(strake.directory, 'audit.log')
    await writeFile(
      file,
      [
        `storage: { directory: ${storage} }`,
        'access:',
        '  rules:',
        '    - name: releases are read only',
        '      repositories: [team/release/**]',
        '      subjects: [authenticated]',
        '      actions: [pull]',
        '    - repositories: [team/**]',
        '      subjects: [user:alice]',
        '      actions: [pull, push]',
        `log: { audit: ${audit}, access: ${audit}.access }`,
      ].join('\n'),
    )
    const why = (...question: readonly string[]) =>
      strake('registry', 'why', '--config', file, ...question)
    expect((await why('alice', 'push', 'team/app')).stdout).toBe('yes: rule 2 allows push\n')
    const no = await why('alice', 'push', 'team/release/app')
    const text = 'the rule "releases are read only" does not allow push; it allows pull'
    expect([no.exitCode, no.stdout]).toEqual([1, `no: ${text}\n`])
    await using server = await serveStrakeRegistry(strake, '--config', file)
    const headers = { Authorization: `Basic ${btoa(`alice:${password}`)}` }
    const url = `http://${server.host}/v2/team/release/app/blobs/uploads/`
    const refused = await fetch(url, { method: 'POST', headers })
    expect([refused.status, await refused.text()]).toEqual([
      403,
      expect.stringContaining('releases are read only'),
    ])
    const token = await fetch(`http://${server.host}/v2/_token?account=alice&offline_token=true`, {
      headers,
    })
    const { access_token: access = '', refresh_token: refresh = '' } =
      (await token.json()) as Record<string, string>
    const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh })
    const renewed = await fetch(`http://${server.host}/v2/_token`, { method: 'POST', body: form })
    expect(renewed.status).toBe(200)
    const logs = `${await readFile(audit, 'utf8')}${await readFile(`${audit}.access`, 'utf8')}`
    expect(logs.trim().split('\n')).toHaveLength(6)
    for (const secret of [
      password,
      btoa(`alice:${password}`),
      access,
      refresh,
      refresh.slice(-32),
    ]) {
      expect(secret).not.toBe('')
      expect(logs).not.toContain(secret)
    }
    const [first = ''] = logs.split('\n')
    expect(JSON.parse(first)).toMatchObject({
      action: 'refused',
      principal: 'alice',
      address: '127.0.0.1',
      repository: 'team/release/app',
      reason: text,
    })
  })

  const noTls = missing('openssl')
  if (noTls) console.info(`skipped: a registry over HTTPS: ${noTls}`)
  test.skipIf(noTls !== undefined)(
    'HTTPS: a client certificate is a user, and renewals take effect',
    async () => {
      const directory = strake.directory
      const authority = makeAuthority(directory)
      const names = 'DNS:localhost,IP:127.0.0.1'
      const first = makeCertificate(directory, authority, {
        name: 'first',
        subject: '/CN=first',
        names,
      })
      const second = makeCertificate(directory, authority, {
        name: 'second',
        subject: '/CN=second',
        names,
      })
      const alice = makeCertificate(directory, authority, { name: 'alice', subject: '/CN=alice' })
      const live = { cert: join(directory, 'live.pem'), key: join(directory, 'live.key') }
      const use = async ({ cert, key }: typeof first): Promise<void> => {
        await writeFile(live.key, await readFile(key))
        await writeFile(live.cert, await readFile(cert))
      }
      await use(first)
      const file = join(directory, 'tls.yml')
      await writeFile(
        file,
        [
          'listen: { port: 0 }',
          `storage: { directory: ${storage} }`,
          `tls: { cert: live.pem, key: live.key, clientCa: ${authority.cert} }`,
          'auth: { mtls: { identity: cn } }',
        ].join('\n'),
      )
      const child = Bun.spawn([program, 'registry', 'serve', '--config', file], {
        env: strake.env,
        stdout: 'pipe',
      })
      const { value } = await child.stdout.getReader().read()
      const url = /https:\/\/\S+/.exec(new TextDecoder().decode(value))?.[0] ?? ''
      try {
        const ca = await readFile(authority.cert, 'utf8')
        const tls = {
          ca,
          cert: await readFile(alice.cert, 'utf8'),
          key: await readFile(alice.key, 'utf8'),
        }
        const get = () => fetch(`${url}/v2/_catalog`, { tls, keepalive: false })
        expect((await get()).status).toBe(200)
        await expect(fetch(`${url}/v2/`, { tls: { ca }, keepalive: false })).rejects.toThrow()
        const served = async (): Promise<string> => {
          const show = [
            'openssl',
            's_client',
            '-connect',
            url.replace('https://', ''),
            '-cert',
            alice.cert,
            '-key',
            alice.key,
          ]
          return (await command(show, { input: '' })).stdout
        }
        expect(await served()).toContain('CN = first')
        await use(second)
        await until(async () => (await served()).includes('CN = second'))
        expect((await get()).status).toBe(200)
      } finally {
        await end(child)
      }
    },
  )
})
