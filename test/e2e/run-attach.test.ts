import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, program, type Strake } from './strake.ts'

// The streams and signals that `run` passes on.

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: attach: ${reason}`)

describe.skipIf(reason !== undefined)('run', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const both = ['busybox', 'sh', '-c', 'echo out; echo err >&2; exit 3']

  for (const rm of [['--rm'], ['--name', 'kept']]) {
    test(`--attach shows only the named streams, with ${rm[0]}`, async () => {
      const run = (...options: readonly string[]) =>
        strake('run', ...rm, '--network', 'none', ...options, ...both)
      expect(await run('-a', 'stdout')).toEqual({ exitCode: 3, stdout: 'out\n', stderr: '' })
      if (rm.length > 1) {
        expect((await strake('logs', 'kept')).stderr).toBe('err\n')
        const [{ Config }] = JSON.parse(await strake.ok('inspect', 'kept'))
        const { AttachStdin, AttachStdout, AttachStderr } = Config
        expect([AttachStdin, AttachStdout, AttachStderr]).toEqual([false, true, false])
        await strake.ok('rm', 'kept')
      }
      expect(await run('-a', 'STDERR')).toEqual({ exitCode: 3, stdout: '', stderr: 'err\n' })
      await strake('rm', 'kept')
    })
  }

  test('--attach stdin prints the ID and passes only the input', async () => {
    const words = ['run', '-i', '-a', 'stdin', '--network', 'none', 'busybox', 'cat']
    const { exitCode, stdout } = await strake.with({ input: 'hello\n' }, ...words)
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: expect.stringMatching(/^\w{64}\n$/),
    })
    expect(await strake.ok('logs', stdout.trim())).toBe('hello')
  })

  const untilLogged = async (name: string): Promise<void> => {
    while ((await strake('logs', name)).stdout !== 'go\n') await Bun.sleep(20)
  }

  test('--attach without stdin leaves the input to a later command', async () => {
    const script = 'echo go; read line; echo $line'
    const words = ['-i', '-a', 'stdout', '--network', 'none', 'busybox', 'sh', '-c', script]
    const running = strake('run', '--name', 'later', ...words)
    await untilLogged('later')
    await strake.with({ input: 'from attach\n' }, 'attach', 'later')
    expect((await running).stdout).toBe('go\nfrom attach\n')
    await strake.ok('rm', 'later')
  })

  test('--sig-proxy=false ends the command and leaves the container running', async () => {
    const words = ['busybox', 'sh', '-c', 'trap "exit 5" TERM; echo go; sleep 1000 & wait']
    for (const [flag, isRunning] of [
      ['--sig-proxy=false', true],
      ['--sig-proxy', false],
    ] as const) {
      const options = ['--name', 'alone', '--network', 'none', flag]
      const child = Bun.spawn([program, 'run', ...options, ...words], {
        env: { PATH: process.env['PATH'] ?? '', ...strake.env },
        stdio: ['ignore', 'ignore', 'ignore'],
      })
      await untilLogged('alone')
      child.kill('SIGTERM')
      await child.exited
      expect(child.exitCode === 5).toBe(!isRunning)
      const state = await strake.ok('inspect', '-f', '{{.State.Running}}', 'alone')
      expect(state).toBe(`${isRunning}`)
      await strake.ok('rm', '-f', 'alone')
    }
  })

  test('--log-opt mode=non-blocking keeps all output that fits, also at the end', async () => {
    const words = ['--log-opt', 'mode=non-blocking', '--log-opt', 'max-buffer-size=8m']
    const script = 'seq 20000; printf end'
    await strake.ok(
      ...['run', '-d', '--name', 'buffered', '--network', 'none', ...words],
      ...['busybox', 'sh', '-c', script],
    )
    await strake.ok('wait', 'buffered')
    const lines = (await strake.ok('logs', 'buffered')).split('\n')
    expect(lines).toEqual([...Array.from({ length: 20_000 }, (_, at) => `${at + 1}`), 'end'])
    const config = ['inspect', '-f', '{{json .HostConfig.LogConfig.Config}}', 'buffered']
    expect(JSON.parse(await strake.ok(...config))).toEqual({
      ...{ 'max-size': '10m', 'max-file': '3', mode: 'non-blocking', 'max-buffer-size': '8m' },
    })
    await strake.ok('rm', 'buffered')
  })

  test('--log-driver local keeps the output, and shows its limits', async () => {
    const words = ['--log-opt', 'mode=blocking', '--network', 'none', 'busybox', 'echo', 'kept']
    await strake.ok('run', '--name', 'local', '--log-driver', 'local', ...words)
    expect(await strake.ok('logs', 'local')).toBe('kept')
    const [{ HostConfig }] = JSON.parse(await strake.ok('inspect', 'local'))
    expect(HostConfig.LogConfig).toEqual({
      Type: 'local',
      Config: { 'max-size': '20m', 'max-file': '5' },
    })
    const { exitCode, stderr } = await strake('rm', '--link', 'local')
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('a link ends with its container'),
    })
    await strake.ok('rm', 'local')
  })

  test('--attach is refused for unknown streams and with --detach', async () => {
    expect(await strake('run', '-a', 'x', 'busybox')).toMatchObject({ exitCode: 125 })
    const { exitCode, stderr } = await strake('run', '-d', '-a', 'stdout', 'busybox')
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 125 })
    expect(stderr).toContain('Cannot use --attach with --detach')
  })
})
