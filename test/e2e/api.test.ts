import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
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
      'client version 1.99 is too new. Maximum supported API version is 1.51',
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
    expect(ping.headers.get('Api-Version')).toBe('1.51')
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
})
