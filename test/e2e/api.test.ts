import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, type Outcome, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'docker')
if (reason) console.info(`skipped: Docker's API: ${reason}`)

describe.skipIf(reason !== undefined)("Docker's API", () => {
  let strake: Strake
  let server: Bun.Subprocess
  let socket: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    socket = join(strake.directory, 'run/docker.sock')
    const child = Bun.spawn([program, 'system', 'serve'], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdout: 'pipe',
      stderr: 'ignore',
    })
    server = child
    // The first line tells that the socket exists.
    const { value } = await child.stdout.getReader().read()
    expect(new TextDecoder().decode(value)).toBe(`Serving Docker's API on unix://${socket}\n`)
  })
  afterAll(async () => {
    server?.kill('SIGTERM')
    await server?.exited
    await strake?.[Symbol.asyncDispose]()
  })

  const docker = (args: readonly string[], input?: string | Uint8Array): Promise<Outcome> =>
    command(['docker', ...args], {
      env: { ...strake.env, DOCKER_HOST: `unix://${socket}` },
      ...(input === undefined ? {} : { input }),
    })
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(`http://docker${path}`, { ...init, unix: socket })

  test('run shows output and passes the exit code and input on', async () => {
    const outcome = await docker([
      'run',
      '--name',
      'one',
      'busybox',
      'sh',
      '-c',
      'echo out; echo err >&2; exit 3',
    ])
    expect(outcome).toMatchObject({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
    expect((await docker(['logs', 'one'])).stdout).toBe('out\n')
    expect(await strake.ok('ps', '-a', '--format', '{{.Names}} {{.State}}')).toBe('one exited')
    const input = 'x'.repeat(3_000_000)
    const echoed = await docker(['run', '-i', '--rm', 'busybox', 'cat'], input)
    expect(echoed.stdout === input).toBe(true)
    expect((await docker(['rm', 'one'])).stdout).toBe('one\n')
  })

  test('run ends with 127 for an absent command, and removes the container', async () => {
    const outcome = await docker(['run', '--rm', '--name', 'absent', 'busybox', 'nosuch'])
    expect(outcome.exitCode).toBe(127)
    expect((await docker(['ps', '-aq', '--filter', 'name=absent'])).stdout).toBe('')
  })

  test('wrong names and patterns are the mistakes of the client', async () => {
    const status = async (path: string, method = 'GET'): Promise<number> =>
      (await ask(path, { method })).status
    const pattern = encodeURIComponent('{"reference":["["]}')
    expect(await status(`/images/json?filters=${pattern}`)).toBe(400)
    expect(await status('/images/create?fromImage=BAD..//', 'POST')).toBe(400)
    expect(await status('/images/busybox/tag?repo=..', 'POST')).toBe(400)
  })

  test('exec starts further processes, with input and exit codes', async () => {
    const { stdout } = await docker(['run', '-d', '--name', 'host', 'busybox', 'sleep', '1000'])
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/)
    expect(await docker(['exec', 'host', 'sh', '-c', 'echo out; echo err >&2; exit 5'])).toEqual({
      exitCode: 5,
      stdout: 'out\n',
      stderr: 'err\n',
    })
    expect(
      (await docker(['exec', '-i', 'host', 'wc', '-c'], 'x'.repeat(200_000))).stdout.trim(),
    ).toBe('200000')
    expect((await docker(['inspect', '-f', '{{.State.Status}}', 'host'])).stdout).toBe('running\n')
    expect((await docker(['stop', '-t', '0', 'host'])).stdout).toBe('host\n')
    expect((await docker(['wait', 'host'])).stdout).toBe('137\n')
    expect((await docker(['rm', 'host'])).exitCode).toBe(0)
  })

  test('answers as Docker does to what is absent, taken or wrong', async () => {
    const create = (name: string, body: unknown): Promise<Response> =>
      ask(`/v1.43/containers/create?name=${name}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
    const messageOf = async (response: Response): Promise<readonly [number, string]> => [
      response.status,
      String(((await response.json()) as { message: unknown }).message),
    ]
    expect(await messageOf(await ask('/containers/nosuch/json'))).toEqual([
      404,
      'No such container: nosuch',
    ])
    expect(await messageOf(await ask('/v1.99/info'))).toEqual([
      400,
      'client version 1.99 is too new. Maximum supported API version is 1.56',
    ])
    expect(await messageOf(await ask('/nosuch'))).toEqual([404, 'page not found'])
    expect(await messageOf(await create('xx', { Image: 'nosuch' }))).toEqual([
      404,
      'No such image: nosuch:latest',
    ])
    const made = await create('taken', { Image: 'busybox', Cmd: ['true'] })
    expect(made.status).toBe(201)
    const { Id } = (await made.json()) as { Id: string }
    expect(await messageOf(await create('taken', { Image: 'busybox' }))).toEqual([
      409,
      `Conflict. The container name "/taken" is already in use by container "${Id}". You have to remove (or rename) that container to be able to reuse that name.`,
    ])
    expect((await ask('/containers/taken/stop', { method: 'POST' })).status).toBe(304)
    expect((await ask('/containers/taken', { method: 'DELETE' })).status).toBe(204)
    for (const body of ['{', '[]', '{"Image":1}', '{"Image":"busybox","Cmd":"x"}']) {
      const response = await ask('/containers/create', { method: 'POST', body })
      expect([body, response.status]).toEqual([body, 400])
    }
    const ping = await ask('/_ping')
    expect(await ping.text()).toBe('OK')
    expect(ping.headers.get('Api-Version')).toBe('1.56')
  })

  test('wait and events tell of a container that the command line removes', async () => {
    expect(
      (await docker(['create', '--name', 'later', 'busybox', 'sh', '-c', 'exit 9'])).exitCode,
    ).toBe(0)
    const next = await ask('/containers/later/wait?condition=next-exit', { method: 'POST' })
    const removed = await ask('/containers/later/wait?condition=removed', { method: 'POST' })
    const since = Math.floor(Date.now() / 1000) - 1
    await strake.ok('start', 'later')
    expect(await next.json()).toEqual({ StatusCode: 9 })
    await strake.ok('rm', 'later')
    expect(await removed.json()).toEqual({ StatusCode: 9 })
    const filters = encodeURIComponent(JSON.stringify({ container: ['later'] }))
    const until = Math.ceil(Date.now() / 1000)
    const events = await ask(`/events?since=${since}&until=${until}&filters=${filters}`)
    const actions = (await events.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).Action)
    expect(actions.slice(-3)).toEqual(['start', 'die', 'destroy'])
  })

  test('lists, copies, commits and removes what the command line sees too', async () => {
    await docker(['run', '-d', '--name', 'all', '-p', '127.0.0.1::80', 'busybox', 'sleep', '1000'])
    expect((await docker(['ps', '--format', '{{.Names}} {{.Image}} {{.State}}'])).stdout).toBe(
      'all busybox running\n',
    )
    expect((await docker(['port', 'all', '80'])).stdout).toMatch(/^127\.0\.0\.1:\d+\n$/)
    expect((await docker(['top', 'all'])).stdout).toContain('sleep 1000')
    const stats = ['stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}', 'all']
    expect((await docker(stats)).stdout).toBe('all 1\n')
    expect((await docker(['cp', '/etc/hostname', 'all:/tmp/copied'])).exitCode).toBe(0)
    expect((await docker(['exec', 'all', 'cat', '/tmp/copied'])).stdout.trim()).toBe(
      (await Bun.file('/etc/hostname').text()).trim(),
    )
    expect((await docker(['diff', 'all'])).stdout).toContain('A /tmp/copied\n')
    expect((await docker(['cp', 'all:/nosuch', '-'])).stderr).toContain(
      'Could not find the file /nosuch in container all',
    )
    expect((await docker(['commit', 'all', 'snap:1'])).stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/)
    expect((await docker(['images', '--format', '{{.Repository}}:{{.Tag}}', 'snap'])).stdout).toBe(
      'snap:1\n',
    )
    const saved = join(strake.directory, 'saved.tar')
    expect((await docker(['save', '-o', saved, 'snap:1'])).exitCode).toBe(0)
    expect((await docker(['rmi', 'snap:1'])).stdout).toStartWith(
      'Untagged: snap:1\nDeleted: sha256:',
    )
    expect((await docker(['load', '-i', saved])).stdout).toBe('Loaded image: snap:1\n')
    expect((await docker(['history', '-q', 'snap:1'])).stdout).toStartWith('')
    expect(await strake.ok('images', '-q', 'snap:1')).not.toBe('')
    expect((await docker(['rm', '-f', 'all'])).stdout).toBe('all\n')
    expect((await docker(['rmi', 'nosuch'])).stderr).toContain('No such image: nosuch:latest')
  })

  test('makes networks and volumes and removes them', async () => {
    expect((await docker(['network', 'create', 'back'])).stdout).toMatch(/^[0-9a-f]{64}\n$/)
    expect((await docker(['network', 'create', 'back'])).stderr).toContain(
      'network with name back already exists',
    )
    await docker(['run', '-d', '--name', 'db', '--network', 'back', 'busybox', 'sleep', '1000'])
    const found = await docker(['run', '--rm', '--network', 'back', 'busybox', 'nslookup', 'db'])
    expect(found.exitCode).toBe(0)
    expect((await docker(['network', 'disconnect', 'back', 'db'])).exitCode).toBe(0)
    expect((await docker(['rm', '-f', 'db'])).exitCode).toBe(0)
    expect((await docker(['network', 'rm', 'back'])).stdout).toBe('back\n')
    expect((await docker(['volume', 'create', 'data'])).stdout).toBe('data\n')
    await docker(['run', '--rm', '-v', 'data:/d', 'busybox', 'sh', '-c', 'echo kept >/d/file'])
    expect(
      (await docker(['run', '--rm', '-v', 'data:/d', 'busybox', 'cat', '/d/file'])).stdout,
    ).toBe('kept\n')
    expect((await docker(['volume', 'rm', 'data'])).stdout).toBe('data\n')
    expect((await docker(['volume', 'inspect', 'data'])).stderr).toContain('no such volume')
    expect((await docker(['swarm', 'join-token', 'worker'])).stderr).toContain(
      'not a swarm manager',
    )
  })

  test('builds without BuildKit, with arguments, a target and its own ignore file', async () => {
    const directory = join(strake.directory, 'project')
    await writeContext(directory, {
      Dockerfile:
        'FROM busybox AS one\nARG WORD\nCOPY . /files\nRUN echo $WORD >/word && ls /files\nFROM one AS two\nRUN false\n',
      '.dockerignore': 'left-out\n',
      'left-out': 'x',
      kept: 'y',
    })
    const build = (...args: readonly string[]): Promise<Outcome> =>
      command(['docker', 'build', ...args, directory], {
        env: { ...strake.env, DOCKER_HOST: `unix://${socket}`, DOCKER_BUILDKIT: '0' },
      })
    const built = await build('--build-arg', 'WORD=given', '--target', 'one', '-t', 'made:1')
    expect(built.stdout).toMatch(/Successfully built [0-9a-f]{12}\nSuccessfully tagged .*made:1\n$/)
    expect(
      (await docker(['run', '--rm', 'made:1', 'sh', '-c', 'cat /word; ls /files'])).stdout,
    ).toBe('given\nDockerfile\nkept\n')
    const failed = await build()
    expect(failed.exitCode).toBe(1)
    expect(failed.stderr).toContain('the command /bin/sh -c false exited with code 1')
    expect((await docker(['rmi', 'made:1'])).exitCode).toBe(0)
  })

  test('ends a build that its client cancels by its ID', async () => {
    const context = await writeContext(join(strake.directory, 'endless'), {
      Dockerfile: 'FROM busybox\nRUN echo begun && sleep 1000\n',
    })
    const tar = await command(['tar', '-C', context, '-cf', `${context}.tar`, '.'])
    expect(tar.exitCode).toBe(0)
    const response = await ask('/build?buildid=mine&t=endless', {
      method: 'POST',
      body: await Bun.file(`${context}.tar`).bytes(),
    })
    let text = ''
    for await (const chunk of response.body ?? []) {
      // The command prints it, after the line that names its step.
      const isBegun = text.includes('"begun')
      text += new TextDecoder().decode(chunk)
      if (isBegun || !text.includes('"begun')) continue
      expect((await ask('/build/cancel', { method: 'POST' })).status).toBe(400)
      expect((await ask('/build/cancel?id=other', { method: 'POST' })).status).toBe(200)
      expect((await ask('/build/cancel?id=mine', { method: 'POST' })).status).toBe(200)
    }
    expect(JSON.parse(text.trim().split('\r\n').at(-1) ?? '')).toEqual({
      errorDetail: { message: expect.any(String) },
      error: expect.any(String),
    })
    expect(await strake.ok('images', '-q', 'endless')).toBe('')
  })

  test('lists the attestations of an image, with their statements where they are asked for', async () => {
    const context = await writeContext(join(strake.directory, 'attested'), {
      Dockerfile: 'FROM busybox\nRUN echo a > /a\n',
    })
    await strake.ok('build', '-q', '--provenance=true', '--sbom=true', '-t', 'attested', context)
    const list = async (query: string): Promise<unknown> =>
      await (await ask(`/images/attested/attestations${query}`)).json()
    const provenance = 'https://slsa.dev/provenance/v1'
    const types = ['https://spdx.dev/Document', provenance]
    expect(await list('')).toEqual(
      types.map((PredicateType) => ({
        PredicateType,
        Descriptor: expect.objectContaining({
          mediaType: 'application/vnd.in-toto+json',
          annotations: { 'in-toto.io/predicate-type': PredicateType },
        }),
      })),
    )
    expect(await list(`?statement=1&type=${provenance}`)).toEqual([
      {
        PredicateType: provenance,
        Descriptor: expect.any(Object),
        Statement: expect.objectContaining({ predicateType: provenance }),
      },
    ])
    const other = encodeURIComponent('{"os":"linux","architecture":"s390x"}')
    expect((await ask(`/images/attested/attestations?platform=${other}`)).status).toBe(404)
    expect((await ask('/images/attested/attestations?platform=x')).status).toBe(400)
    expect((await ask('/images/nosuch/attestations')).status).toBe(404)
    expect((await ask('/v1.54/images/attested/attestations')).status).toBe(400)
    expect(await (await ask('/images/busybox/attestations')).json()).toEqual([])
    await strake.ok('rmi', 'attested')
  })

  test('attach by a web socket sends input and output, before the start and with the log', async () => {
    await strake.ok(
      'create',
      '-i',
      '--name',
      'ws',
      'busybox',
      'sh',
      '-c',
      'read x; echo "<$x>"; read y',
    )
    const open = async (query: string): Promise<WebSocket> => {
      const connection = new WebSocket(`ws+unix://${socket}:/containers/ws/attach/ws?${query}`)
      await new Promise((resolve, reject) => {
        connection.onopen = resolve
        connection.onerror = reject
      })
      return connection
    }
    const textOf = (connection: WebSocket): Promise<string> =>
      new Promise((resolve) => {
        connection.onmessage = ({ data }) => resolve(new TextDecoder().decode(data))
      })
    const first = await open('stream=1&stdin=1&stdout=1')
    const live = textOf(first)
    await strake.ok('start', 'ws')
    first.send('word\n')
    expect(await live).toBe('<word>\n')
    const second = await open('logs=1&stream=1&stdout=1')
    expect(await textOf(second)).toBe('<word>\n')
    const ends = [first, second].map(
      (connection) =>
        new Promise<CloseEvent>((resolve) => {
          connection.onclose = resolve
        }),
    )
    first.send('end\n')
    for (const { code } of await Promise.all(ends)) expect(code).toBe(1000)
    await strake.ok('rm', 'ws')
  })

  test('answers what it does not have with one sentence', async () => {
    await strake.ok('create', '--name', 'plain', 'busybox')
    const refused = [
      ['/containers/plain/attach/ws', 400, 'Cannot attach by a web socket'],
      ['/containers/nosuch/attach/ws', 404, 'No such container: nosuch'],
      ['/containers/plain/checkpoints', 501, 'Cannot use checkpoints: strake has none'],
      ['/plugins/x/json', 404, 'plugin'],
      ['/swarm', 503, 'This node is not a swarm manager'],
      ['/libpod/info', 404, 'page not found'],
    ] as const
    for (const [path, status, message] of refused) {
      const response = await ask(path)
      expect([path, response.status]).toEqual([path, status])
      expect(await response.json()).toEqual({ message: expect.stringContaining(message) })
    }
    await strake.ok('rm', 'plain')
  })

  const compose = programOf('docker-compose')
  test.skipIf(compose === undefined)(
    'serves Compose: health checks, networks, volumes',
    async () => {
      const file = join(strake.directory, 'compose.yaml')
      await Bun.write(
        file,
        `name: trial
services:
  db:
    image: busybox
    command: sh -c 'echo up > /data/state; sleep 1000'
    volumes: [data:/data]
    healthcheck: {test: [CMD, cat, /data/state], interval: 1s, retries: 20}
    networks: [back]
  web:
    image: busybox
    command: sh -c 'echo hello; sleep 1000'
    depends_on: {db: {condition: service_healthy}}
    ports: ["127.0.0.1::80"]
    networks: [back]
volumes: {data: {}}
networks: {back: {}}
`,
      )
      const run = (...args: readonly string[]): Promise<Outcome> =>
        command([compose ?? '', '-f', file, ...args], {
          env: { ...strake.env, DOCKER_HOST: `unix://${socket}` },
        })
      expect((await run('up', '-d', '--wait')).exitCode).toBe(0)
      expect((await run('logs', '--no-log-prefix', 'web')).stdout).toBe('hello\n')
      expect((await run('exec', '-T', 'web', 'nslookup', 'db')).exitCode).toBe(0)
      expect((await run('down', '-v', '-t', '0')).exitCode).toBe(0)
      expect(await strake.ok('ps', '-aq')).toBe('')
      expect(await strake.ok('volume', 'ls', '-q')).toBe('')
    },
  )
})

/** A program that the tests compare with, from its folder or the PATH. */
function programOf(name: string): string | undefined {
  const built = join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', name)
  return existsSync(built) ? built : (Bun.which(name) ?? undefined)
}
