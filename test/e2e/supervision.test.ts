import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { until } from './servers.ts'
import { command, missing, type Outcome, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'nft')
if (reason) console.info(`skipped: supervision: ${reason}`)

describe.skipIf(reason !== undefined)('containers that need each other and are watched', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const sleeper = ['busybox', 'sh', '-c', 'trap exit TERM; while :; do sleep 0.05; done']
  const runSleeper = (...options: readonly string[]): Promise<string> =>
    strake.ok('run', '-d', ...options, ...sleeper)

  test('restart keeps a container with --rm, its files and its volumes, and its end removes it', async () => {
    const id = await runSleeper('--rm', '--name', 'kept', '-v', '/data')
    await strake.ok('exec', 'kept', 'touch', '/made', '/data/made')
    for (const timeout of ['5', '0']) {
      await strake.ok('restart', '-t', timeout, 'kept')
      expect(await strake.ok('exec', 'kept', 'ls', '/made', '/data/made')).toBe('/data/made\n/made')
      expect(await strake.ok('ps', '-q', '--no-trunc', '--filter', 'name=kept')).toBe(id)
    }
    await strake.ok('stop', 'kept')
    expect(await strake.ok('ps', '-aq', '--filter', 'name=kept')).toBe('')
    const source = join(strake.directory, 'gone')
    mkdirSync(source)
    await runSleeper('--rm', '--name', 'kept', '--mount', `type=bind,src=${source},dst=/gone`)
    rmSync(source, { recursive: true })
    expect((await strake('restart', '-t', '0', 'kept')).exitCode).toBe(1)
    expect(await strake.ok('ps', '-aq', '--filter', 'name=kept')).toBe('')
    expect(await strake.ok('volume', 'ls', '-q')).toBe('')
  })

  test('a container with --rm is removed when the restart that kept it was killed', async () => {
    const untilEnd = 'until [ -e /end ]; do sleep 0.05; done'
    const start = (): Promise<string> =>
      strake.ok('run', '-d', '--rm', '--name', 'kept', 'busybox', 'sh', '-c', untilEnd)
    const listed = (): Promise<string> => strake.ok('ps', '-aq', '--filter', 'name=kept')
    const request = (id: string): string => `${strake.root}/containers/${id}/stop-request`
    const first = await start()
    const restart = Bun.spawn([program, 'restart', '-t', '100', 'kept'], { env: strake.env })
    await until(async () => existsSync(request(first)))
    restart.kill('SIGKILL')
    await restart.exited
    await strake.ok('exec', 'kept', 'touch', '/end')
    await until(async () => (await listed()) === '')
    const second = await start()
    const restarting = Bun.spawn(['sleep', '100'])
    const stat = readFileSync(`/proc/${restarting.pid}/stat`, 'utf8').split(') ')[1] ?? ''
    const [startTime, bootId] = [
      stat.split(' ')[19],
      readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    ]
    writeFileSync(request(second), JSON.stringify({ pid: restarting.pid, startTime, bootId }))
    await strake.ok('exec', 'kept', 'touch', '/end')
    await strake('wait', 'kept')
    expect(await strake.ok('ps', '-aq', '--no-trunc', '--filter', 'name=kept')).toBe(second)
    restarting.kill('SIGKILL')
    await restarting.exited
    expect(await listed()).toBe('')
  })

  test('run --wait returns when the container is healthy, and fails when it is not', async () => {
    const health = ['--health-cmd', 'test -e /ok', '--health-interval', '50ms']
    const good = ['sh', '-c', 'sleep 0.2; touch /ok; exec sleep 100']
    const id = await strake.ok('run', '--wait', '--name', 'good', ...health, 'busybox', ...good)
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await strake.ok('inspect', '-f', '{{.State.Health.Status}}', 'good')).toBe('healthy')
    expect(await strake.ok('wait', '--condition', 'healthy', 'good')).toBe('0')
    const bad = ['--health-cmd', 'echo no file; exit 1', '--health-retries', '1']
    const failed = await strake(
      ...['run', '--wait', '--name', 'bad', ...health.slice(2), ...bad, ...sleeper],
    )
    expect(failed.exitCode).toBe(1)
    expect(failed.stderr).toContain('it is unhealthy: no file')
    const late = await strake(
      'run',
      '--wait=healthy',
      '--wait-timeout',
      '0.2',
      ...health,
      ...sleeper,
    )
    expect(late.stderr).toContain('it is not after 0.2 s')
    await strake.ok('rm', '-f', ...(await strake.ok('ps', '-aq')).split('\n'))
  })

  test('healthcheck run checks once, tells the result and records it', async () => {
    const health = ['--health-cmd', 'cat /ok', '--health-interval', '1h', '--health-retries', '2']
    await runSleeper('--name', 'probed', ...health)
    const check = (): Promise<Outcome> => strake('healthcheck', 'run', 'probed')
    const text = "cat: can't open '/ok': No such file or directory\n"
    expect(await check()).toEqual({ exitCode: 1, stdout: 'starting\n', stderr: text })
    expect(await check()).toEqual({ exitCode: 1, stdout: 'unhealthy\n', stderr: text })
    await strake.ok('exec', 'probed', 'touch', '/ok')
    // Each caller gets the result of a check that began after its call.
    const all = await Promise.all([check(), check(), check()])
    for (const each of all) expect(each).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    const { Log, ...state } = JSON.parse(
      await strake.ok('inspect', '-f', '{{json .State.Health}}', 'probed'),
    )
    expect(state).toEqual({ Status: 'healthy', FailingStreak: 0 })
    const codes = Log.map(({ ExitCode }: { readonly ExitCode: number }) => ExitCode)
    expect(codes).toEqual([1, 1, 0, 0, 0])
    const events = await strake.ok(
      ...['events', '--since', '1h', '--until', '0s', '--filter', 'container=probed'],
      ...['--filter', 'event=health_status', '--format', '{{.Action}}'],
    )
    expect(events.split('\n')).toEqual(['health_status: unhealthy', 'health_status: healthy'])
    await strake.ok('rm', '-f', 'probed')
  })

  test('healthcheck run refuses with 125 what it cannot check', async () => {
    await runSleeper('--name', 'plain')
    await runSleeper('--name', 'paused', '--health-cmd', 'true')
    await strake.ok('pause', 'paused')
    const sentences = [
      ['plain', 'Cannot check container plain: it has no health check'],
      ['paused', 'Cannot check container paused: it is paused'],
      ['absent', 'Cannot find container absent: No such container: absent'],
    ] as const
    for (const [name, sentence] of sentences) {
      const refused = await strake('healthcheck', 'run', name)
      expect(refused.exitCode).toBe(125)
      expect(refused.stderr.split('\n')[0]).toBe(`strake: ${sentence}`)
    }
    await strake.ok('rm', '-f', 'plain', 'paused')
  })

  test('a container that ends during healthcheck run is reported', async () => {
    const slow = ['--health-cmd', 'touch /began; sleep 60', '--health-interval', '1h']
    await runSleeper('--name', 'ending', ...slow)
    const checked = strake('healthcheck', 'run', 'ending')
    while ((await strake('exec', 'ending', 'test', '-e', '/began')).exitCode !== 0);
    await strake.ok('rm', '-f', 'ending')
    expect(await checked).toMatchObject({
      exitCode: 125,
      stderr: 'strake: Cannot check container ending: it has ended meanwhile\n',
    })
  })

  test('--link on the default network gives names and variables', async () => {
    await runSleeper('--name', 'pg', '--expose', '5432', '-e', 'USER=me')
    const seen = await strake.ok(
      ...['run', '--rm', '--name', 'web', '--link', 'pg:db', 'busybox', 'sh', '-c'],
      'ping -c1 -w2 db >/dev/null && ping -c1 -w2 pg >/dev/null && env | grep ^DB_ | sort',
    )
    const ip = await strake.ok('inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'pg')
    expect(seen.split('\n')).toEqual([
      'DB_ENV_USER=me',
      'DB_NAME=/web/db',
      `DB_PORT=tcp://${ip}:5432`,
      `DB_PORT_5432_TCP=tcp://${ip}:5432`,
      `DB_PORT_5432_TCP_ADDR=${ip}`,
      'DB_PORT_5432_TCP_PORT=5432',
      'DB_PORT_5432_TCP_PROTO=tcp',
    ])
    await strake.ok('stop', 'pg')
    const refused = await strake('run', '--rm', '--link', 'pg', 'busybox', 'true')
    expect(refused.exitCode).toBe(125)
    expect(refused.stderr).toContain('is linked to pg, which is not running')
    expect((await strake('run', '--rm', '--link', 'none', 'busybox', 'true')).exitCode).toBe(125)
    await strake.ok('rm', 'pg')
  })

  test('--link on a network of a user is a name that only its container knows', async () => {
    await strake.ok('network', 'create', 'back')
    await runSleeper('--name', 'pg', '--network', 'back')
    await runSleeper('--name', 'web', '--network', 'back', '--link', 'pg:db')
    await strake.ok('exec', 'web', 'ping', '-c1', '-w2', 'db')
    expect((await strake('exec', 'pg', 'ping', '-c1', '-w2', 'db')).exitCode).not.toBe(0)
    expect(
      await strake.ok('inspect', '-f', '{{json .NetworkSettings.Networks.back.Links}}', 'web'),
    ).toBe('["pg:db"]')
    // Another name is known at once, and the link stays.
    await strake.ok('rename', 'pg', 'postgres')
    await strake.ok('exec', 'web', 'ping', '-c1', '-w2', 'postgres')
    expect((await strake('exec', 'web', 'ping', '-c1', '-w2', 'pg')).exitCode).not.toBe(0)
    await strake.ok('exec', 'web', 'ping', '-c1', '-w2', 'db')
    await strake.ok('rm', '-f', 'web', 'postgres')
  })

  test('names work again after the monitor was killed', async () => {
    await runSleeper('--name', 'one', '--network', 'back')
    await runSleeper('--name', 'two', '--network', 'back')
    const state = `${strake.root}/containers/${await strake.ok('ps', '-q', '--no-trunc', '--filter', 'name=one')}/state.json`
    const monitor = (await Bun.file(state).json()).monitor.pid
    process.kill(monitor, 'SIGKILL')
    await strake.ok('ps')
    await strake.ok('exec', 'one', 'ping', '-c1', '-w2', 'two')
    await strake.ok('rm', '-f', 'one', 'two')
    await strake.ok('network', 'rm', 'back')
  })

  test('--network container: and --pid container: join another container', async () => {
    await runSleeper('--name', 'front', '--hostname', 'front-host')
    const address = 'ip -4 -o addr show eth0 | tr -s " " | cut -d" " -f4'
    const joined = await strake.ok(
      ...['run', '--rm', '--network', 'container:front', '--pid', 'container:front'],
      ...[
        'busybox',
        'sh',
        '-c',
        `${address}; hostname; cat /etc/hosts | tail -1; ps | grep -c 'trap exit'`,
      ],
    )
    const [ip, hostname, hosts, processes] = joined.split('\n')
    expect(ip).toBe(await strake.ok('exec', 'front', 'sh', '-c', address))
    expect(hostname).toBe('front-host')
    expect(hosts).toContain('front-host')
    expect(Number(processes)).toBeGreaterThan(0)
    const conflict = await strake(
      'run',
      '--network',
      'container:front',
      '-p',
      '80',
      'busybox',
      'true',
    )
    expect(conflict.exitCode).toBe(125)
    expect(conflict.stderr).toContain(
      'Cannot use --publish: the network is that of container front',
    )
    await strake.ok('create', '--name', 'side', '--network', 'container:front', 'busybox', 'true')
    const id = await strake.ok('inspect', '-f', '{{.Id}}', 'front')
    expect(await strake.ok('inspect', '-f', '{{.HostConfig.NetworkMode}}', 'side')).toBe(
      `container:${id}`,
    )
    await strake.ok('stop', 'front')
    const late = await strake('start', 'side')
    expect(late.stderr).toContain('it shares the network of front, which is not running')
    await strake.ok('rm', 'front', 'side')
  })

  test('--cgroup-parent holds the group of a container, also for pause, stats and removal', async () => {
    await runSleeper('--name', 'grouped', '--cgroup-parent', 'strake-e2e/inner', '--memory', '64m')
    const [id = '', pid] = (
      await strake.ok('inspect', '-f', '{{.Id}} {{.State.Pid}}', 'grouped')
    ).split(' ')
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'latin1')
    expect(groups).toContain(`:/strake-e2e/inner/${id}\n`)
    await strake.ok('pause', 'grouped')
    expect(await strake.ok('inspect', '-f', '{{.State.Status}}', 'grouped')).toBe('paused')
    await strake.ok('unpause', 'grouped')
    expect(await strake.ok('stats', '--no-stream', '--format', '{{.MemUsage}}', 'grouped')).toMatch(
      / 64MiB$/,
    )
    expect(await strake.ok('inspect', '-f', '{{.HostConfig.CgroupParent}}', 'grouped')).toBe(
      '/strake-e2e/inner',
    )
    await strake.ok('rm', '-f', 'grouped')
    const left = await command(['find', '/sys/fs/cgroup', '-maxdepth', '4', '-name', id])
    expect(left.stdout).toBe('')
    await command([
      'find',
      '/sys/fs/cgroup',
      '-depth',
      '-path',
      '*/strake-e2e*',
      '-type',
      'd',
      '-empty',
      '-delete',
    ])
    const refused = await strake('run', '--cgroup-parent', '../x', 'busybox', 'true')
    expect(refused.stderr).toContain('Cannot use --cgroup-parent ../x')
  })

  test('--device names a device of CDI, with its variables, files and hooks', async () => {
    mkdirSync('/var/run/cdi', { recursive: true })
    const file = '/var/run/cdi/strake-e2e.json'
    const trace = join(strake.directory, 'hook')
    const hook = {
      hookName: 'createRuntime',
      path: '/bin/sh',
      args: ['sh', '-c', `echo ran >${trace}`],
    }
    const edits = {
      env: ['FROM_CDI=yes'],
      deviceNodes: [{ path: '/dev/ours', hostPath: '/dev/null', permissions: 'rw' }],
      mounts: [{ hostPath: '/etc/hostname', containerPath: '/from-host', options: ['ro', 'bind'] }],
      hooks: [hook],
    }
    const devices = [{ name: 'one', containerEdits: edits }]
    writeFileSync(file, JSON.stringify({ cdiVersion: '0.6.0', kind: 'e2e.strake/test', devices }))
    try {
      const run = ['run', '--rm', '--device', 'e2e.strake/test=one', 'busybox', 'sh', '-c']
      const script =
        'echo $FROM_CDI; echo x >/dev/ours && test -c /dev/ours && test -s /from-host && echo ok'
      expect(await strake.ok(...run, script)).toBe('yes\nok')
      expect(readFileSync(trace, 'utf8')).toBe('ran\n')
      const absent = await strake('run', '--rm', '--gpus', 'all', 'busybox', 'true')
      expect({ code: absent.exitCode, text: absent.stderr.split('\n')[0] }).toMatchObject({
        code: 125,
        text: expect.stringContaining('this machine has no device nvidia.com/gpu=all'),
      })
    } finally {
      rmSync(file)
    }
  })

  test('logs --details shows the labels and variables that --log-opt names', async () => {
    const options = [
      '--label',
      'tier=a b',
      '-e',
      'ZONE=x',
      '--log-opt',
      'labels=tier,none',
      '--log-opt',
      'env=ZONE',
    ]
    await strake.ok(
      'run',
      '--name',
      'described',
      ...options,
      'busybox',
      'sh',
      '-c',
      'echo one; echo two',
    )
    expect(await strake.ok('logs', '--details', 'described')).toBe(
      'ZONE=x,tier=a%20b one\nZONE=x,tier=a%20b two',
    )
    expect(await strake.ok('logs', 'described')).toBe('one\ntwo')
    expect(
      await strake.ok('inspect', '-f', '{{json .HostConfig.LogConfig.Config}}', 'described'),
    ).toBe('{"env":"ZONE","labels":"tier,none","max-file":"3","max-size":"10m"}')
    await strake.ok('rm', 'described')
  })
})
