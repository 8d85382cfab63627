import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { readdir, readlink } from 'node:fs/promises'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'nft')
if (reason) console.info(`skipped: watch: ${reason}`)

/** A published port that no other test uses. */
const port = 28_761

describe.skipIf(reason !== undefined)('run --rm, which watches its container itself', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  /** Starts a container in the foreground and waits for its first output. */
  async function start(
    ...args: readonly string[]
  ): Promise<Bun.Subprocess<'ignore', 'pipe', 'pipe'>> {
    const child = Bun.spawn([program, 'run', '--rm', ...args], {
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
    })
    const reader = child.stdout.getReader()
    await reader.read()
    reader.releaseLock()
    return child
  }

  const sleeper = [
    'busybox',
    'sh',
    '-c',
    'trap "exit 9" TERM; echo up; while :; do sleep 0.1; done',
  ]

  /** Returns the mounts, namespaces and directories of the store's containers. */
  async function remains(): Promise<readonly string[]> {
    const run = strake.env['STRAKE_RUN'] ?? ''
    const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith(run) && path.includes('container'))
    const directories = [
      `${run}/containers`,
      `${run}/runtime`,
      `${run}/netns`,
      `${strake.root}/containers`,
    ]
    const files = await Promise.all(
      directories.map(async (path) => (existsSync(path) ? await readdir(path) : [])),
    )
    return [...mounts, ...files.flat()]
  }

  /** Whether a process has opened a socket. Its streams may be sockets too: the test made those. */
  async function hasSocket(pid: number): Promise<boolean> {
    const directory = `/proc/${pid}/fd`
    const opened = (await readdir(directory)).filter((fd) => Number(fd) > 2)
    const links = opened.map((fd) => readlink(`${directory}/${fd}`))
    const ends = await Promise.allSettled(links)
    return ends.some((end) => end.status === 'fulfilled' && end.value.startsWith('socket:'))
  }

  test('other commands list, stop and await it like any container', async () => {
    const child = await start('--name', 'seen', '--network', 'none', ...sleeper)
    expect(await strake.ok('ps', '--format', 'json')).toContain('"Names":"seen"')
    expect(await strake.ok('exec', 'seen', 'echo', 'inside')).toBe('inside')
    expect((await strake('logs', 'seen')).stdout).toBe('up\n')
    const waiting = Bun.spawn([program, 'wait', 'seen'], {
      stdout: 'pipe',
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
    })
    // It waits from the moment on when it is connected to the monitor.
    while (!(await hasSocket(waiting.pid))) await Bun.sleep(10)
    await strake.ok('stop', 'seen')
    expect(await new Response(waiting.stdout).text()).toBe('9\n')
    expect(await child.exited).toBe(9)
    expect(await remains()).toEqual([])
  })

  test('a signal to it reaches the container', async () => {
    const child = await start('--network', 'none', ...sleeper)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(9)
    expect(await remains()).toEqual([])
  })

  test('after kill -9 the container keeps running, and ps cleans up after its end', async () => {
    const publish = ['-p', `127.0.0.1:${port}:80`]
    const child = await start('--name', 'left', ...publish, ...sleeper)
    child.kill('SIGKILL')
    await child.exited
    expect(await strake.ok('ps', '--format', 'json')).toContain('"Status":"Up')
    await strake.ok('kill', 'left')
    // The monitor that has taken over removes it.
    while ((await strake.ok('ps', '--all', '--quiet')) !== '') await Bun.sleep(20)
    expect(await remains()).toEqual([])
    const next = await start('--name', 'next', ...publish, ...sleeper)
    await strake.ok('stop', 'next')
    expect(await next.exited).toBe(9)
  })

  test('after kill -9 another run may use its name after its end', async () => {
    const child = await start('--name', 'again', '--network', 'none', ...sleeper)
    child.kill('SIGKILL')
    await child.exited
    const taken = await strake(
      'run',
      '--rm',
      '--name',
      'again',
      '--network',
      'none',
      'busybox',
      'true',
    )
    expect(taken.stderr).toContain('is already in use by container')
    await strake.ok('stop', 'again')
    await strake.ok('run', '--rm', '--name', 'again', '--network', 'none', 'busybox', 'true')
    expect(await remains()).toEqual([])
  })
})
