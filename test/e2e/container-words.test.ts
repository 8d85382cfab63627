import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, program, type Strake } from './strake.ts'

// Words of Docker's command line about one container.

const reason = missing('busybox', 'tar', 'ps', 'iptables')
if (reason) console.info(`skipped: container words: ${reason}`)

describe.skipIf(reason !== undefined)('a container', () => {
  let strake: Strake
  let id: string
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const publish = ['-p', '127.0.0.1::80', '-p', '127.0.0.1::53/udp']
    id = await strake.ok('run', '-d', '--name', 'web', ...publish, 'busybox', 'sleep', '1000')
  })
  afterAll(async () => {
    await strake('rm', '-f', id)
    await strake[Symbol.asyncDispose]()
  })

  test('gets another name, which is also in its restorable record', async () => {
    expect(await strake.ok('rename', 'web', 'shop')).toBe('')
    const label = ['ps', '--all', '--filter', 'name=shop', '--quiet', '--no-trunc']
    expect(await strake.ok(...label)).toBe(id)
    const kept = JSON.parse(readFileSync(`${strake.root}/containers/${id}/container.json`, 'utf8'))
    expect(kept.name).toBe('shop')
    const events = ['events', '--since', '1h', '--until', '0s', '--filter', 'event=rename']
    expect(await strake.ok(...events)).toMatch(new RegExp(`rename ${id} .*name=shop, oldName=/web`))
    expect((await strake('stop', 'web')).exitCode).toBe(1)
    await strake.ok('container', 'rename', 'shop', 'web')
  })

  test('is found by container exists, by its name and its ID', async () => {
    for (const name of ['web', id, id.slice(0, 6)]) {
      expect(await strake('container', 'exists', name)).toMatchObject({ exitCode: 0, stdout: '' })
    }
    expect(await strake('container', 'exists', 'absent')).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: '',
    })
    const unreadable = await strake('--root', '/dev/null/x', 'container', 'exists', 'web')
    expect(unreadable.exitCode).toBe(125)
  })

  test('gets the signal of restart --signal', async () => {
    const script = 'trap "echo got; exit" USR1; sleep 1000 & wait'
    await strake.ok('run', '-d', '--name', 'told', 'busybox', 'sh', '-c', script)
    // The shell needs its trap before the signal arrives.
    const trapped = 'grep -q "^SigCgt:.*[2367abef]..$" /proc/1/status'
    while ((await strake('exec', 'told', 'sh', '-c', trapped)).exitCode !== 0) await Bun.sleep(20)
    await strake.ok('restart', '-s', 'USR1', '-t', '60', 'told')
    expect(await strake.ok('logs', 'told')).toBe('got')
    await strake.ok('rm', '-f', 'told')
  })

  test('keeps its name when another one is impossible', async () => {
    await strake.ok('create', '--name', 'taken', 'busybox')
    for (const [name, words] of [
      ['taken', 'is already in use by container'],
      ['web', 'Cannot rename container web: it has this name'],
      ['../x', 'Cannot name a container ../x: a name has 2 to 255 letters'],
    ] as const) {
      const { exitCode, stderr } = await strake('rename', 'web', name)
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(words) })
    }
    expect((await strake('rename', 'absent', 'x1')).stderr).toContain('No such container: absent')
    await strake.ok('rm', 'taken')
    expect(await strake.ok('ps', '--filter', 'name=web', '-q')).toBe(id.slice(0, 12))
  })

  test('shows its published ports', async () => {
    const lines = (await strake.ok('port', 'web')).split('\n')
    expect(lines).toEqual([
      expect.stringMatching(/^53\/udp -> 127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^80\/tcp -> 127\.0\.0\.1:\d+$/),
    ])
    expect(`80/tcp -> ${await strake.ok('port', 'web', '80')}`).toBe(lines[1] ?? '')
    expect(await strake('port', 'web', '81')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Cannot show port 81/tcp: container web does not publish it'),
    })
  })

  test('shows its processes and no other processes', async () => {
    await strake.ok('exec', '-d', 'web', 'sh', '-c', 'sleep 999; true')
    // The shell may not have started its child yet.
    while (!(await strake.ok('top', 'web')).match(/ sleep 999$/m)) await Bun.sleep(20)
    const lines = (await strake.ok('top', 'web')).split('\n')
    expect(lines[0]).toMatch(/^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/)
    const commands = lines.slice(1).map((line) => line.replace(/^.*\d\d:\d\d:\d\d +/, ''))
    expect(commands.sort()).toEqual(['sh -c sleep 999; true', 'sleep 1000', 'sleep 999'])
    const chosen = (await strake.ok('top', 'web', '-o', 'pid,comm')).split('\n')
    // ps sorts by process ID, and IDs begin again at the lowest free number.
    expect(chosen.map((line) => line.replace(/^\d+ +/, '')).sort()).toEqual([
      expect.stringMatching(/^PID +COMMAND$/),
      'sh',
      'sleep',
      'sleep',
    ])
    expect(await strake('top', 'web', '-o', 'comm')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('ps printed no column PID'),
    })
    expect((await strake('top', 'web', '--nonsense')).stderr).toContain("ps said 'error: ")
  })

  test('shows its resource use', async () => {
    await strake.ok('exec', '-d', 'web', 'sh', '-c', 'while :; do :; done')
    const line = JSON.parse(await strake.ok('stats', '--no-stream', '--format', 'json', 'web'))
    expect(line).toMatchObject({ ID: id.slice(0, 12), Name: 'web' })
    expect(Number.parseFloat(line.CPUPerc)).toBeGreaterThan(5)
    expect(Number(line.PIDs)).toBeGreaterThan(1)
    expect(line.MemUsage).toMatch(/^[\d.]+[KM]iB \/ [\d.]+GiB$/)
    const table = await strake.ok('stats', '--no-stream')
    expect(table.split('\n')[0]).toMatch(
      /^CONTAINER ID +NAME +CPU % +MEM USAGE \/ LIMIT +MEM % +NET I\/O +BLOCK I\/O +PIDS$/,
    )
    await strake.ok('create', '--name', 'off', 'busybox')
    expect(await strake.ok('stats', '--no-stream')).not.toContain('off')
    expect(await strake.ok('stats', '--no-stream', '--all')).toMatch(/ off +0\.00% +0B \/ 0B /)
    expect((await strake('stats', '--no-stream', 'absent')).exitCode).toBe(1)
    await strake.ok('rm', 'off')
  })

  test('streams its resource use until interrupted', async () => {
    const child = Bun.spawn([program, 'stats', '--format', 'json', 'web'], {
      env: { PATH: process.env['PATH'] ?? '', ...strake.env },
      stdout: 'pipe',
      stderr: 'inherit',
    })
    let lines = 0
    for await (const bytes of child.stdout) {
      lines += Buffer.from(bytes).toString('latin1').split('\n').length - 1
      if (lines >= 2) break
    }
    child.kill('SIGINT')
    await child.exited
    expect<unknown[]>(['SIGINT', 130]).toContain(child.signalCode ?? child.exitCode)
  })

  test('becomes an image with its changes and its options', async () => {
    const script =
      'mkdir /new && echo made > /new/f && ln -s f /new/link && rm /bin/ls && echo x > /v/f'
    const options = ['-e', 'A=1', '-l', 'tier=db', '-w', '/tmp', '-v', '/v', '--expose', '80']
    await strake.ok(
      'run',
      '--name',
      'made',
      '--network',
      'none',
      ...options,
      'busybox',
      'sh',
      '-c',
      script,
    )
    const image = await strake.ok('commit', '-a', 'me', '-m', 'why', 'made', 'app:2')
    expect(image).toMatch(/^sha256:[0-9a-f]{64}$/)
    const [{ Config, Author, RootFS }] = JSON.parse(await strake.ok('inspect', 'app:2'))
    expect(Config.Env).toContain('A=1')
    expect(Config.Env.join(' ')).not.toContain('HOSTNAME=')
    expect(Config).toMatchObject({
      ExposedPorts: { '80/tcp': {} },
      Labels: { tier: 'db' },
      Cmd: ['sh', '-c', script],
      Volumes: { '/v': {} },
      WorkingDir: '/tmp',
    })
    expect([Author, RootFS.Layers.length]).toEqual(['me', 2])
    expect(await strake.ok('history', '--format', 'json', 'app:2')).toContain('"Comment":"why"')
    const look = 'cat /new/link; test -e /bin/ls || echo gone; test -e /v/f || echo no volume'
    const run = ['run', '--rm', '--network', 'none', 'app:2', 'sh', '-c', look]
    expect(await strake.ok(...run)).toBe('made\ngone\nno volume')
    await strake.ok('rm', '-v', 'made')
  })

  test('is paused while it becomes an image, and continues', async () => {
    await strake.ok('exec', 'web', 'sh', '-c', 'echo running > /r')
    await strake.ok('commit', '-c', 'CMD ["cat", "/r"]', '-c', 'ENV B=2', 'web', 'copy')
    expect(await strake.ok('ps', '--filter', 'name=web', '--format', 'json')).toContain('"Up ')
    expect(await strake.ok('run', '--rm', '--network', 'none', 'copy')).toBe('running')
    const events = await strake.ok(
      'events',
      '--since',
      '1m',
      '--until',
      '0s',
      '-f',
      'container=web',
    )
    expect(events).toMatch(/ pause .*\n.* unpause .*\n.* commit /)
    expect(await strake('commit', '-c', 'RUN x', 'web')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Cannot apply 'RUN x': it sets no configuration"),
    })
    expect((await strake('commit', 'absent')).stderr).toContain('Cannot find container absent')
    await strake.ok('rmi', 'copy')
  })

  test('without changes becomes an image without a new layer', async () => {
    await strake.ok('create', '--name', 'same', 'busybox')
    const id = await strake.ok('commit', 'same')
    const [{ RootFS }] = JSON.parse(await strake.ok('inspect', id))
    expect(RootFS.Layers).toHaveLength(1)
    expect(await strake.ok('run', '--rm', '--network', 'none', id, 'echo', 'works')).toBe('works')
    await strake.ok('rm', 'same')
  })
})
