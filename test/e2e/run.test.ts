import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { addedBy } from './leaks.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: run: ${reason}`)

describe.skipIf(reason !== undefined)('run', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const run = (...args: readonly string[]): Promise<string> =>
    strake.ok('run', '--rm', '--network', 'none', ...args)
  const sh = (script: string, ...options: readonly string[]): Promise<string> =>
    run(...options, 'busybox', 'sh', '-c', script)

  test('run prints the output of the command on both streams', async () => {
    const outcome = await strake(
      'run',
      '--rm',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'echo out; echo err >&2',
    )
    expect(outcome).toEqual({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' })
  })

  test('run ends with the exit code of the command', async () => {
    const args = ['run', '--rm', '--network', 'none', 'busybox', 'sh', '-c']
    expect((await strake(...args, 'exit 42')).exitCode).toBe(42)
    expect((await strake(...args, "sh -c 'kill -9 $$'; exit $?")).exitCode).toBe(137)
  })

  test('run sets environment, directory, user and host name', async () => {
    const file = join(strake.directory, 'env')
    await writeFile(file, '# a comment\nFROM_FILE=1\n')
    const shown = await sh(
      'echo $A $FROM_FILE; pwd; id -u; id -g; hostname',
      '-e',
      'A=b',
      '--env-file',
      file,
      '-w',
      '/var/new',
      '-u',
      'user',
      '--hostname',
      'box',
    )
    expect(shown).toBe('b 1\n/var/new\n1000\n1000\nbox')
  })

  test('run reads a numeric user as a number, never as a name', async () => {
    expect(await sh('id -u', '-u', '1234')).toBe('1234')
  })

  test('run replaces the entrypoint', async () => {
    expect(await run('--entrypoint', 'echo', 'busybox', 'a', 'b')).toBe('a b')
  })

  test('run passes standard input with -i', async () => {
    const args = ['run', '--rm', '-i', '--network', 'none', 'busybox', 'wc', '-c']
    const outcome = await strake.with({ input: 'x'.repeat(200_000) }, ...args)
    expect(outcome).toMatchObject({ exitCode: 0, stdout: '200000\n' })
  })

  test('run mounts directories, also read-only, and temporary file systems', async () => {
    const host = join(strake.directory, 'shared')
    await command(['mkdir', '-p', host])
    await writeFile(join(host, 'in'), 'from the host')
    const shown = await sh(
      'cat /data/in; echo back > /data/out; touch /ro/x 2>/dev/null || echo refused; echo t > /scratch/t && cat /scratch/t',
      '-v',
      `${host}:/data`,
      '-v',
      `${host}:/ro:ro`,
      '--mount',
      'type=tmpfs,target=/scratch',
    )
    expect(shown).toBe('from the hostrefused\nt')
    expect(await Bun.file(join(host, 'out')).text()).toBe('back\n')
  })

  test('run --init puts a small init in front of the command', async () => {
    expect(await sh('cat /proc/1/cmdline | tr "\\0" " "', '--init')).toMatch(/init .*sh -c/)
  })

  test('run --read-only makes the root read-only', async () => {
    expect(await sh('touch /x 2>/dev/null || echo refused', '--read-only')).toBe('refused')
  })

  test('run, attach and exec with -it fail when standard input is not a terminal', async () => {
    const net = ['--network', 'none']
    const reason = 'Cannot attach stdin to a TTY-enabled container because stdin is not a terminal'
    const input = 'echo x\n'
    const refused = await strake.with({ input }, 'run', '-it', '--name', 'keys', ...net, 'busybox')
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(reason) })
    await strake.ok('run', '-dit', '--name', 'keys', ...net, 'busybox', 'sh')
    for (const words of [
      ['attach', 'keys'],
      ['exec', '-it', 'keys', 'true'],
    ]) {
      const outcome = await strake.with({ input }, ...words)
      expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(reason) })
    }
    expect(await strake.ok('exec', '-t', 'keys', 'echo', 'hi')).toBe('hi')
    expect(await strake.ok('exec', '-itd', 'keys', 'true')).toBe('')
    await strake.ok('rm', '-f', 'keys')
  })

  test('run sets the default capabilities and seccomp, and no new privileges', async () => {
    const status = await sh('grep -E "^(CapEff|CapBnd|CapInh|CapAmb|Seccomp):" /proc/self/status')
    expect(status.replaceAll('\t', ' ').split('\n')).toEqual([
      'CapInh: 0000000000000000',
      'CapEff: 00000000a80425fb',
      'CapBnd: 00000000a80425fb',
      'CapAmb: 0000000000000000',
      'Seccomp: 2',
    ])
  })

  test('run --cap-drop and --cap-add change them', async () => {
    const options = ['--cap-drop', 'ALL', '--cap-add', 'NET_BIND_SERVICE']
    expect(await sh('grep CapEff /proc/self/status', ...options)).toContain('0000000000000400')
  })

  test('run masks some kernel files and makes some read-only', async () => {
    const script = [
      'cat /proc/kcore 2>/dev/null | wc -c',
      'cat /proc/timer_list 2>/dev/null | wc -c',
      'echo 1 > /proc/sys/kernel/shmmax 2>/dev/null || echo refused',
      'mknod /tmp/sda b 8 0 && head -c 1 /tmp/sda 2>/dev/null || echo denied',
    ].join('; ')
    expect(await sh(script)).toBe('0\n0\nrefused\ndenied')
  })

  test('run limits memory, processors and processes', async () => {
    const outcome = await strake(
      'run',
      '--name',
      'hungry',
      '--network',
      'none',
      '--memory',
      '32m',
      '--memory-swap',
      '32m',
      'busybox',
      'sh',
      '-c',
      'x=a; while true; do x=$x$x; done',
    )
    expect(outcome.exitCode).toBe(137)
    const [{ State }] = JSON.parse(await strake.ok('inspect', 'hungry'))
    expect(State).toMatchObject({ OOMKilled: true, ExitCode: 137, Status: 'exited' })
    await strake.ok('rm', 'hungry')
    const limits = 'cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true'
    expect(await sh(limits, '--pids-limit', '77')).toBe('77')
  }, 60_000)

  test('run -d prints the ID; logs, wait, ps and rm find the container', async () => {
    const id = await strake.ok(
      'run',
      '-d',
      '--name',
      'job',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'echo one; echo two >&2; sleep 0.3; exit 3',
    )
    expect(id).toMatch(/^[0-9a-f]{64}$/)
    expect(await strake.ok('wait', 'job')).toBe('3')
    const logs = await strake('logs', 'job')
    expect(logs).toMatchObject({ stdout: 'one\n', stderr: 'two\n' })
    expect((await strake('logs', '--timestamps', 'job')).stdout).toMatch(
      /^\d{4}-\d\d-\d\dT.*Z one\n$/,
    )
    const row = JSON.parse(await strake.ok('ps', '-a', '--format', 'json'))
    expect(row).toMatchObject({ Names: 'job', State: 'exited', Image: 'busybox' })
    expect(row.Platform).toMatchObject({ os: 'linux' })
    expect(row.Status).toMatch(/^Exited \(3\)/)
    expect(await strake.ok('rm', 'job')).toBe('job')
    expect(await strake.ok('ps', '-aq')).toBe('')
  })

  test('run -d survives kill -9 of its command', async () => {
    const child = Bun.spawn(
      [
        program,
        'run',
        '--name',
        'orphan',
        '--network',
        'none',
        'busybox',
        'sh',
        '-c',
        'echo up; sleep 1; echo done; exit 5',
      ],
      { env: { PATH: process.env['PATH'] ?? '', ...strake.env }, stdout: 'pipe', stderr: 'ignore' },
    )
    await child.stdout.getReader().read()
    child.kill('SIGKILL')
    await child.exited
    expect(await strake.ok('wait', 'orphan')).toBe('5')
    expect((await strake('logs', 'orphan')).stdout).toBe('up\ndone\n')
    await strake.ok('rm', 'orphan')
  })

  test('logs -f follows until the container ends', async () => {
    await strake.ok(
      'run',
      '-d',
      '--name',
      'talker',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'for i in 1 2 3; do echo line $i; sleep 0.2; done',
    )
    expect((await strake('logs', '-f', 'talker')).stdout).toBe('line 1\nline 2\nline 3\n')
    await strake.ok('rm', '-f', 'talker')
  })

  test('exec runs in the container, with its environment and exit code', async () => {
    await strake.ok(
      'run',
      '-d',
      '--name',
      'host',
      '-e',
      'K=v',
      '--network',
      'none',
      'busybox',
      'sleep',
      '60',
    )
    expect(await strake.ok('exec', 'host', 'sh', '-c', 'echo $K; hostname')).toMatch(
      /^v\n[0-9a-f]{12}$/,
    )
    expect((await strake('exec', 'host', 'sh', '-c', 'exit 9')).exitCode).toBe(9)
    expect((await strake('exec', 'host', '/nope')).exitCode).toBe(127)
    const piped = await strake.with({ input: 'abc' }, 'exec', '-i', 'host', 'wc', '-c')
    expect(piped.stdout.trim()).toBe('3')
    expect(
      await strake.ok('exec', '-u', '1000', '-w', '/tmp', 'host', 'sh', '-c', 'id -u; pwd'),
    ).toBe('1000\n/tmp')
    const status = await strake.ok(
      'exec',
      'host',
      'grep',
      '-E',
      '^(CapEff|Seccomp):',
      '/proc/self/status',
    )
    expect(status.replaceAll('\t', ' ')).toBe('CapEff: 00000000a80425fb\nSeccomp: 2')
    await strake.ok('rm', '-f', 'host')
  }, 30_000)

  test('stop sends SIGTERM, waits, then SIGKILL', async () => {
    const polite = 'trap "echo bye; exit 0" TERM; while true; do sleep 0.1; done'
    await strake.ok(
      'run',
      '-d',
      '--name',
      'polite',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      polite,
    )
    await Bun.sleep(300)
    await strake.ok('stop', 'polite')
    expect(await strake.ok('wait', 'polite')).toBe('0')
    expect((await strake('logs', 'polite')).stdout).toBe('bye\n')
    const deaf = 'trap "" TERM; while true; do sleep 0.1; done'
    await strake.ok('run', '-d', '--name', 'deaf', '--network', 'none', 'busybox', 'sh', '-c', deaf)
    await Bun.sleep(300)
    await strake.ok('stop', '-t', '1', 'deaf')
    expect(await strake.ok('wait', 'deaf')).toBe('137')
    await strake.ok('rm', 'polite', 'deaf')
  }, 30_000)

  test('signals to a foreground run reach the container once', async () => {
    const script = `n=0; trap 'n=$((n+1))' USR1; trap 'echo got $n; exit 0' TERM; echo up; while true; do sleep 0.05; done`
    const child = Bun.spawn(
      [program, 'run', '--rm', '--network', 'none', 'busybox', 'sh', '-c', script],
      {
        env: { PATH: process.env['PATH'] ?? '', ...strake.env },
        stdout: 'pipe',
        stderr: 'inherit',
      },
    )
    const reader = child.stdout.getReader()
    await reader.read()
    child.kill('SIGUSR1')
    await Bun.sleep(300)
    child.kill('SIGTERM')
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toBe('got 1\n')
    expect(await child.exited).toBe(0)
  })

  test('names are unique and found by prefix of the ID', async () => {
    const id = await strake.ok(
      'run',
      '-d',
      '--name',
      'once',
      '--network',
      'none',
      'busybox',
      'sleep',
      '60',
    )
    const second = await strake(
      'run',
      '-d',
      '--name',
      'once',
      '--network',
      'none',
      'busybox',
      'true',
    )
    expect(second.exitCode).toBe(125)
    expect(second.stderr).toContain('once')
    const [document] = JSON.parse(await strake.ok('inspect', id.slice(0, 10)))
    expect(document).toMatchObject({ Id: id, Name: '/once', State: { Running: true } })
    await strake.ok('kill', 'once')
    expect(await strake.ok('wait', 'once')).toBe('137')
    await strake.ok('rm', 'once')
  })

  test('an image in use is kept until its container is gone', async () => {
    await strake.ok('tag', 'busybox', 'held')
    await strake.ok('run', '--name', 'holder', '--network', 'none', 'held', 'true')
    expect((await strake('rmi', 'busybox')).exitCode).toBe(0)
    const refused = await strake('rmi', 'held')
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('holder')
    await strake.ok('rm', 'holder')
    await strake.ok('tag', 'held', 'busybox')
    await strake.ok('rmi', 'held')
  })

  test('export writes the file system of a container', async () => {
    const archive = join(strake.directory, 'exported.tar')
    await strake.ok(
      'run',
      '--name',
      'source',
      '--network',
      'none',
      'busybox',
      'sh',
      '-c',
      'echo hi > /new',
    )
    await strake.ok('export', '-o', archive, 'source')
    const listed = await command(['tar', 'tf', archive])
    expect(listed.stdout.split('\n').map((name) => name.replace(/^\.?\//, ''))).toContain('new')
    await strake.ok('rm', 'source')
  })

  test('removed containers leave nothing', async () => {
    await sh('true')
    const mounts = async (): Promise<readonly string[]> => {
      const found = await command(['grep', strake.directory, '/proc/self/mounts'])
      return found.stdout.split('\n').filter((line) => line !== '')
    }
    // The mount of an image is shared and stays for the next container.
    expect((await mounts()).filter((line) => line.includes('/container-'))).toEqual([])
    await strake.ok('system', 'cleanup')
    expect(await mounts()).toEqual([])
  })

  test.skipIf(missing('nft', 'ip', 'unshare') !== undefined)(
    'containers, builds and a reset leave no mount, process, namespace or firewall rule',
    async () => {
      await using own = await openStrake()
      await importBusybox(own)
      const context = await writeContext(join(own.directory, 'context'), {
        Dockerfile: 'FROM busybox\nRUN echo built > /built\n',
      })
      const script = `
strake run --rm -p 18080:80 busybox true
id=$(strake run -d -p 18081:80 -v data:/data --tmpfs /t busybox sleep 1000)
strake exec $id true
strake stop -t 0 $id
strake start $id
strake rm -f $id
strake build -q ${context}
strake run --rm --network host --init busybox true
! strake run --rm busybox nosuch
! timeout -s KILL 1 ${program} run --rm busybox sleep 1000
strake run -d busybox sleep 1000
strake system reset --force`
      expect(await addedBy(own, script)).toEqual([])
    },
    60_000,
  )
})
