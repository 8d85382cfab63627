import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'nft', 'ip', 'nsenter')
if (reason) console.info(`skipped: ports of running containers: ${reason}`)

describe.skipIf(reason !== undefined)('port', () => {
  let strake: Strake
  let server: Bun.Subprocess | undefined
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    await strake.ok(
      ...['run', '-d', '--name', 'echo', '-p', '127.0.0.1::80', 'busybox', 'sleep', '300'],
    )
    const path = await strake.ok('inspect', '-f', '{{.NetworkSettings.SandboxKey}}', 'echo')
    // Answers with what it gets, in the network namespace of the container.
    const program = "require('net').createServer((one) => one.pipe(one)).listen(80, '0.0.0.0')"
    server = Bun.spawn(['nsenter', `--net=${path}`, process.execPath, '-e', program])
  }, 30_000)
  afterAll(async () => {
    server?.kill('SIGKILL')
    await server?.exited
    await strake[Symbol.asyncDispose]()
  })

  const published = async (): Promise<readonly string[]> =>
    (await strake.ok('port', 'echo')).split('\n').map((line) => line.replace(/^.* -> /, ''))

  /** Connects, and repeats until the server in the container is ready. */
  async function open(host: string, port: number): Promise<Socket> {
    for (;;) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const socket = connect({ host, port })
      socket.on('error', () => resolve(false))
      socket.on('connect', () => resolve(true))
      if (await promise) return socket
      await Bun.sleep(20)
    }
  }

  async function ask(socket: Socket, text: string): Promise<string> {
    const answer = new Promise<string>((resolve) => {
      socket.once('data', (data) => resolve(String(data)))
      socket.once('close', () => resolve('closed'))
    })
    socket.write(text)
    return await answer
  }

  test('add and rm change a running container, and no established connection ends', async () => {
    const [first = ''] = await published()
    const port = Number(first.split(':').at(-1))
    const before = await open('127.0.0.1', port)
    expect(await ask(before, 'one')).toBe('one')
    const added = await strake.ok('port', 'add', 'echo', '127.0.0.1:0:80', '[::1]:0:80')
    const lines = added.split('\n').map((line) => line.replace('80/tcp -> ', ''))
    expect(lines).toEqual([
      expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^\[::1\]:\d+$/),
    ])
    const [second = 0, third = 0] = lines.map((line) => Number(line.split(':').at(-1)))
    const later = await open('127.0.0.1', second)
    const new6 = await open('::1', third)
    expect(await ask(later, 'two')).toBe('two')
    expect(await ask(new6, 'three')).toBe('three')
    expect(await strake.ok('port', 'rm', 'echo', `127.0.0.1:${second}:80`)).toBe(
      `80/tcp -> 127.0.0.1:${second}`,
    )
    expect([await ask(before, 'four'), await ask(later, 'five')]).toEqual(['four', 'five'])
    const refused = await strake('run', '--rm', '-p', `127.0.0.1:${port}:81`, 'busybox', 'true')
    expect(refused.stderr).toContain('port is already allocated to container echo')
    await strake.ok('run', '--rm', '-p', `127.0.0.1:${second}:81`, 'busybox', 'true')
    for (const socket of [before, later, new6]) socket.destroy()
  }, 60_000)

  test('add and rm hold for later starts, and refuse what is taken or absent', async () => {
    const kept = await published()
    await strake.ok('restart', '-t', '0', 'echo')
    expect(await published()).toHaveLength(kept.length)
    const [taken = ''] = await published()
    const conflict = await strake('port', 'add', 'echo', `${taken}:81`)
    expect(conflict.stderr).toContain('port is already allocated to container echo')
    expect(await strake('port', 'rm', 'echo', '9999')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Cannot end port 9999/tcp of echo'),
    })
    await strake.ok('port', 'rm', 'echo', '80')
    expect(await published()).toEqual([''])
    expect(await strake.ok('inspect', '-f', '{{json .HostConfig.PortBindings}}', 'echo')).toBe('{}')
    await strake.ok('create', '--name', 'later', 'busybox', 'sleep', '60')
    expect(await strake.ok('port', 'add', 'later', '127.0.0.1:0:80')).toBe('')
    await strake.ok('start', 'later')
    expect(await strake.ok('port', 'later')).toStartWith('80/tcp -> 127.0.0.1:')
    await strake.ok('create', '--name', 'bare', '--network', 'none', 'busybox')
    expect((await strake('port', 'add', 'bare', '80')).stderr).toContain('--network none')
  }, 60_000)
})
