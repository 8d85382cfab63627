import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'openssl', 'curl')
if (reason) console.info(`skipped: serving Docker's API: ${reason}`)

describe.skipIf(reason !== undefined)('system serve', () => {
  let strake: Strake
  let keys: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    keys = await makeKeys(strake.directory)
  })
  afterAll(async () => strake?.[Symbol.asyncDispose]())

  const path = (name: string): string => join(strake.directory, name)
  const tls = (name: string): readonly string[] => [
    ...['--tls-cert', `${keys}/${name}.pem`, '--tls-key', `${keys}/${name}.key`],
    ...['--tls-client-ca', `${keys}/ca.pem`],
  ]

  /** Starts a server and returns it with the addresses that it prints. */
  async function serve(...args: readonly string[]) {
    const child = Bun.spawn([program, 'system', 'serve', ...args], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdout: 'pipe',
      stderr: 'pipe',
    })
    const { value } = await child.stdout.getReader().read()
    const addresses = new TextDecoder()
      .decode(value)
      .trim()
      .replace(/^.* on /, '')
      .split(', ')
    return {
      child,
      addresses,
      async [Symbol.asyncDispose]() {
        child.kill('SIGTERM')
        await child.exited
      },
    }
  }

  const ping = async (socket: string): Promise<string> =>
    await (await fetch('http://docker/_ping', { unix: socket })).text()

  test('refuses an address that everybody could use', async () => {
    const refused = async (...args: readonly string[]): Promise<string> => {
      const { exitCode, stderr } = await strake('system', 'serve', ...args)
      expect(exitCode).toBe(1)
      return stderr
    }
    expect(await refused('-H', 'tcp://127.0.0.1:0')).toContain('would be root on this machine')
    const everywhere = await refused('-H', 'tcp://0.0.0.0:0', '--insecure')
    expect(everywhere).toContain('other machines could reach it without a certificate')
    expect(await refused('-H', 'tcp://127.0.0.1:0', '--tls-cert', '/x')).toContain('is missing')
    expect(await refused('-H', 'fd://')).toContain('systemd has passed no socket')
  })

  test('serves several addresses, and on the network only its own names', async () => {
    const socket = path('one.sock')
    await using server = await serve(
      '-H',
      `unix://${socket}`,
      '-H',
      'tcp://127.0.0.1:0',
      '--insecure',
    )
    expect(server.addresses).toEqual([
      `unix://${socket}`,
      expect.stringMatching(/^tcp:\/\/127.0.0.1:\d+$/),
    ])
    expect(await ping(socket)).toBe('OK')
    const url = (server.addresses[1] ?? '').replace('tcp', 'http')
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${url}/containers/json`, { headers })).status
    expect(await status({})).toBe(200)
    expect(await status({ Host: 'localhost' })).toBe(200)
    expect(await status({ Host: 'evil.example' })).toBe(403)
    expect(await status({ Origin: 'https://evil.example' })).toBe(403)
    expect(
      await (await fetch(`${url}/info`, { headers: { Host: 'evil.example' } })).json(),
    ).toEqual({
      message: expect.stringContaining('--allow-host evil.example'),
    })
  })

  test('with TLS, serves only clients with a certificate of the given authority', async () => {
    await using server = await serve('-H', 'tcp://127.0.0.1:0', ...tls('server'))
    const url = `${(server.addresses[0] ?? '').replace('tcp', 'https')}/_ping`
    const ask = (...args: readonly string[]) =>
      command(['curl', '-sS', '--max-time', '10', '--cacert', `${keys}/ca.pem`, ...args, url])
    const client = (name: string): readonly string[] => [
      ...['--cert', `${keys}/${name}.pem`, '--key', `${keys}/${name}.key`],
    ]
    expect((await ask(...client('client'))).stdout).toBe('OK')
    for (const args of [[], client('stranger'), ['--tls-max', '1.1', ...client('client')]]) {
      const { exitCode, stdout } = await ask(...args)
      expect([args, exitCode === 0, stdout]).toEqual([args, false, ''])
    }
    // The name in the certificate of the server is its own name.
    const named = ['-H', 'Host: server.test', ...client('client')]
    expect((await ask(...named)).stdout).toBe('OK')
    expect((await ask('-H', 'Host: other.test', ...client('client'))).stdout).toContain(
      'other.test',
    )
  })

  test('lets only root and one group reach the socket', async () => {
    await using _server = await serve('--group', '12345')
    const modeOf = (file: string): readonly [string, number] => {
      const { mode, gid } = statSync(file)
      return [(mode & 0o7777).toString(8), gid]
    }
    expect(modeOf(path('run/docker.sock'))).toEqual(['660', 12345])
    expect(modeOf(path('run'))).toEqual(['710', 12345])
    // Every other command leaves that as it is, and what is inside stays closed to the group.
    await strake.ok('ps')
    expect(modeOf(path('run'))).toEqual(['710', 12345])
    for (const name of readdirSync(path('run'))) {
      if (name !== 'docker.sock') expect(modeOf(path(`run/${name}`))[0]).toMatch(/^[0-7]00$/)
    }
    const refused = await strake('system', 'serve')
    expect(refused.stderr).toContain('another process serves it')
  })

  test('replaces the socket of a killed server, and loses nothing', async () => {
    const first = await serve()
    await strake.ok('run', '-d', '--name', 'kept', 'busybox', 'sleep', '1000')
    first.child.kill('SIGKILL')
    await first.child.exited
    await using _second = await serve()
    await using _beside = await serve('-H', `unix://${path('beside.sock')}`)
    for (const socket of [path('run/docker.sock'), path('beside.sock')]) {
      const response = await fetch('http://docker/containers/kept/json', { unix: socket })
      expect(await response.json()).toMatchObject({ State: { Status: 'running' } })
    }
    await strake.ok('rm', '-f', 'kept')
  })

  test('reaches a container by its mounted socket, with one warning', async () => {
    const host = ['/usr', '/lib', '/lib64'].filter(existsSync).map((at) => `-v${at}:${at}:ro`)
    const curl = (...args: readonly string[]): string =>
      `/usr/bin/curl -s --unix-socket /var/run/docker.sock http://docker${args.join(' ')}`
    const socket = path('run/docker.sock')
    const warning = `${socket} is mounted: a process in the container can become root on this machine`
    {
      await using _server = await serve()
      const mount = `${socket}:/var/run/docker.sock`
      const script = `${curl('/containers/json?all=1')}; ${curl('/containers/side/json', '-o /dev/null -w %{http_code}')}`
      for (const words of [['-v', mount], ['--use-api-socket']]) {
        const args = ['--rm', '--name', 'inside', ...words, ...host, 'busybox', 'sh', '-c', script]
        const { stdout, stderr } = await strake('run', ...args)
        expect(stdout).toContain('"Names":["/inside"]')
        expect(stdout).toEndWith('404')
        expect(stderr.split(warning)).toHaveLength(2)
      }
      const made = await fetch('http://docker/containers/create?name=side', {
        unix: socket,
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ Image: 'busybox', HostConfig: { Binds: [mount] } }),
      })
      expect(await made.json()).toMatchObject({ Warnings: [warning] })
      await strake.ok('rm', 'side')
    }
    // A container with the directory has the socket of the next server too.
    const directory = `${path('run')}:/var/run/strake`
    const started = await strake(
      ...['run', '-d', '--name', 'inside', '-v', directory, ...host, 'busybox', 'sleep', '1000'],
    )
    expect(started).toMatchObject({ exitCode: 0 })
    await using _next = await serve()
    const ping = curl('/_ping').replace('/var/run/docker.sock', '/var/run/strake/docker.sock')
    expect(await strake.ok('exec', 'inside', 'sh', '-c', ping)).toBe('OK')
    expect((await strake('create', '-v', directory, 'busybox')).stderr).toContain(warning)
    await strake.ok('rm', '-f', 'inside')
  })

  test('ends after --idle-timeout, but not while a client waits or a process runs', async () => {
    const socket = path('idle.sock')
    await strake.ok('run', '-d', '--name', 'busy', 'busybox', 'sleep', '1000')
    const { child } = await serve('-H', `unix://${socket}`, '--idle-timeout', '400ms')
    const ask = (at: string, body: unknown): Promise<Response> =>
      fetch(`http://docker${at}`, {
        unix: socket,
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
    const stop = new AbortController()
    const waiting = fetch('http://docker/events', { unix: socket, signal: stop.signal })
    await Bun.sleep(1000)
    expect(child.exitCode).toBe(null)
    const made = await ask('/containers/busy/exec', { Cmd: ['sleep', '2'] })
    const { Id } = (await made.json()) as { Id: string }
    expect((await ask(`/exec/${Id}/start`, { Detach: true })).status).toBe(200)
    stop.abort()
    await waiting.then((response) => response.text()).catch(() => '')
    await Bun.sleep(1000)
    expect(child.exitCode).toBe(null)
    expect(await child.exited).toBe(0)
    expect(existsSync(socket)).toBe(false)
    await strake.ok('rm', '-f', 'busy')
  })

  test('dial-stdio connects to the server, and serves itself without one', async () => {
    const request = 'GET /_ping HTTP/1.0\r\n\r\n'
    const dial = () => strake.with({ input: request }, 'system', 'dial-stdio')
    expect((await dial()).stdout).toEndWith('\r\n\r\nOK')
    {
      await using _server = await serve()
      expect((await dial()).stdout).toEndWith('\r\n\r\nOK')
    }
    expect(readdirSync(path('run')).filter((name) => name.startsWith('api-'))).toEqual([])
  })

  const activate = Bun.which('systemd-socket-activate')
  if (activate === null) console.info('skipped: activation: needs systemd-socket-activate')

  test.skipIf(activate === null)('is started by systemd, and ends again', async () => {
    const socket = path('activated.sock')
    const environment = Object.entries(strake.env).flatMap(([name, value]) => [
      '-E',
      `${name}=${value}`,
    ])
    const serving = [program, 'system', 'serve', '-H', 'fd://', '--idle-timeout', '300ms']
    const child = Bun.spawn([activate ?? '', '-l', socket, ...environment, ...serving], {
      stdout: 'ignore',
      stderr: 'ignore',
    })
    await waitFor(() => existsSync(socket))
    expect(await ping(socket)).toBe('OK')
    // No process in a container may have the socket.
    const run = `{"Image":"busybox","Cmd":["sh","-c","ls -l /proc/self/fd | grep -c socket"]}`
    const made = await fetch('http://docker/containers/create?name=fds', {
      unix: socket,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: run,
    })
    expect(made.status).toBe(201)
    const waited = fetch('http://docker/containers/fds/wait?condition=next-exit', {
      unix: socket,
      method: 'POST',
    })
    await fetch('http://docker/containers/fds/start', { unix: socket, method: 'POST' })
    await (await waited).text()
    expect(await strake.ok('logs', 'fds')).toBe('0')
    await strake.ok('rm', 'fds')
    expect(await child.exited).toBe(0)
    // The path belongs to systemd.
    expect(existsSync(socket)).toBe(true)
  })

  // The test and the server each need a descriptor for every connection.
  const descriptors = /^Max open files\s+\d+\s+(\d+)/m.exec(
    readFileSync('/proc/self/limits', 'utf8'),
  )?.[1]
  const silent = Number(descriptors) >= 16_384 ? 10_000 : 500

  test(`holds ${silent} silent connections, and answers others`, async () => {
    const socket = path('many.sock')
    await using server = await serve('-H', `unix://${socket}`)
    const held: Socket[] = []
    // The answer shows that the server has accepted all of them.
    while (held.length < silent) {
      const some = Array.from({ length: 100 }, () => connect(socket))
      await Promise.all(some.map((one) => new Promise((resolve) => one.once('connect', resolve))))
      held.push(...some)
      expect(await ping(socket)).toBe('OK')
    }
    for (const one of held) one.destroy()
    await waitFor(() => readdirSync(`/proc/${server.child.pid}/fd`).length < 200)
  })
})

async function waitFor(isTrue: () => boolean): Promise<void> {
  for (let count = 0; count < 500 && !isTrue(); count += 1) await Bun.sleep(20)
  expect(isTrue()).toBe(true)
}

/** Makes an authority, certificates of it for a server and a client, and one of a stranger. */
async function makeKeys(directory: string): Promise<string> {
  const script = `
mkdir keys && cd keys
req() { name=$1; shift; openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$name" -keyout "$name.key" "$@"; }
req ca -x509 -days 2 -out ca.pem
req stranger -x509 -days 2 -out stranger.pem
printf 'subjectAltName=DNS:server.test,IP:127.0.0.1\\n' >names
for name in server client; do
  req $name -out $name.csr
  openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out $name.pem
done`
  const { exitCode, stderr } = await command(['sh', '-ec', script], { cwd: directory })
  if (exitCode !== 0) throw new Error(stderr)
  return join(directory, 'keys')
}
