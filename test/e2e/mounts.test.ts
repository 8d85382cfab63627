import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: mounts: ${reason}`)

describe.skipIf(reason !== undefined)('mounts', () => {
  let strake: Strake
  let host: string
  const run = ['run', '--rm', '--network', 'none']
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    host = mkdtempSync(`${strake.directory}/host-`)
    writeFileSync(`${host}/file`, 'file\n')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const sh = (args: readonly string[], script: string) =>
    strake(...run, ...args, 'busybox', 'sh', '-c', script)

  test('a mount or a setting with which no container starts is refused before anything is made', async () => {
    const absent = `${host}/absent`
    const devices = 'Cannot mount at /dev: a container needs the devices in /dev'
    const processes = 'Cannot mount at /proc: a container needs the files of the kernel in /proc'
    const refused: readonly (readonly [readonly string[], string])[] = [
      [['-v', 'new:/dev'], devices],
      [['-v', '/dev'], devices],
      [['-v', `${absent}:/dev`], devices],
      [['--tmpfs', '/dev'], devices],
      [['-v', 'new:/proc'], processes],
      [['-v', `${absent}:/proc`], processes],
      [['-v', 'new:/proc/sys'], 'Cannot mount at /proc/sys: it lies in /proc'],
      [['-v', `${absent}:/proc/x`], 'Cannot mount at /proc/x: it lies in /proc'],
      [['-v', 'new:/proc/cpuinfo'], 'Cannot mount at /proc/cpuinfo: there is a file'],
      [
        ['--sysctl', 'net.ipv4.nope=1', '-v', 'new:/v'],
        'Cannot set sysctl net.ipv4.nope: this kernel does not have it',
      ],
    ]
    for (const [flags, sentence] of refused) {
      for (const verb of [run, ['create']]) {
        const { exitCode, stderr } = await strake(...verb, ...flags, 'busybox', 'true')
        expect({ flags, exitCode, stderr }).toEqual({
          ...{ flags, exitCode: verb === run ? 125 : 1, stderr: `strake: ${sentence}\n` },
        })
      }
    }
    expect(await strake.ok('volume', 'ls', '-q')).toBe('')
    expect(await strake.ok('ps', '-aq')).toBe('')
    expect(existsSync(absent)).toBe(false)
    expect(await sh(['-v', '/dev:/dev', '-v', '/proc:/proc'], 'test -c /dev/null')).toMatchObject({
      exitCode: 0,
    })
  })

  test('a directory without devices at /dev, and a value that the kernel refuses, are one sentence', async () => {
    expect(await sh(['-v', `${host}:/dev`], 'true')).toMatchObject({
      exitCode: 125,
      stderr: 'strake: Cannot mount at /dev: a container needs the devices in /dev\n',
    })
    expect(await sh(['--sysctl', 'kernel.msgmax=x'], 'true')).toMatchObject({
      exitCode: 125,
      stderr:
        'strake: Cannot start the container: sysctl kernel.msgmax: the kernel refuses the value: invalid argument\n',
    })
  })

  test('--volumes-from mounts the volumes and binds of a container that was never started', async () => {
    const change = 'VOLUME /home'
    await importBusybox(strake, 'data', change)
    const mounts = ['-v', 'named:/named', '-v', `${host}:/host:ro`, '--tmpfs', '/mem']
    await strake.ok('create', '--name', 'store', ...mounts, 'data', 'true')
    const script = 'echo kept > /home/f; echo n > /named/n; cat /host/file; test ! -e /mem'
    expect(await sh(['--volumes-from', 'store'], script)).toMatchObject({
      stdout: 'file\n',
      exitCode: 0,
    })
    const readOnly = await sh(['--volumes-from', 'store:ro'], 'cat /home/f /named/n; touch /home/x')
    expect(readOnly).toMatchObject({ stdout: 'kept\nn\n', exitCode: 1 })
    expect(readOnly.stderr).toContain('Read-only file system')
    const own = ['--volumes-from', 'store', '-v', `${host}:/named`]
    expect(await sh(own, 'cat /named/file')).toMatchObject({ stdout: 'file\n' })
    expect(await sh(['--volumes-from', 'none'], 'true')).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('Cannot find container none'),
    })
    await strake.ok('rm', '-v', 'store')
  })

  test('an anonymous volume stays while another container has it by --volumes-from', async () => {
    await strake.ok('create', '--name', 'first', '-v', '/d', 'busybox', 'true')
    await strake.ok(
      'create',
      '--name',
      'second',
      '--volumes-from',
      'first',
      'busybox',
      'cat',
      '/d/f',
    )
    writeFileSync(`${host}/f`, 'shared\n')
    await strake.ok('cp', `${host}/f`, 'first:/d/f')
    const from = await strake.ok(
      'inspect',
      '--format',
      '{{json .HostConfig.VolumesFrom}}',
      'second',
    )
    expect(from).toBe('["first"]')
    await strake.ok('rm', '-v', 'first')
    expect(await strake.ok('start', '-a', 'second')).toBe('shared')
    const volumes = await strake.ok('volume', 'ls', '-q')
    await strake.ok(...run, '-v', '/other', '--volumes-from', 'second', 'busybox', 'true')
    expect(await strake.ok('volume', 'ls', '-q')).toBe(volumes)
    expect(await strake.ok('start', '-a', 'second')).toBe('shared')
    await strake.ok('rm', '-v', 'second')
  })

  test('type=image mounts an image read-only, or a part of it, and keeps the image', async () => {
    await importBusybox(strake, 'tools', 'LABEL use=mounted')
    const whole = ['--mount', 'type=image,source=tools,target=/img']
    const shown = await sh(whole, 'ls /img/bin/busybox; head -n1 /img/etc/passwd; touch /img/x')
    expect(shown).toMatchObject({
      exitCode: 1,
      stdout: '/img/bin/busybox\nroot:x:0:0:root:/root:/bin/sh\n',
    })
    expect(shown.stderr).toContain('Read-only file system')
    const part = ['--mount', 'type=image,source=tools,target=/p,image-subpath=etc/passwd']
    expect(await sh(part, 'head -n1 /p')).toMatchObject({
      stdout: 'root:x:0:0:root:/root:/bin/sh\n',
    })
    for (const [mount, why] of [
      [
        'type=image,source=tools,target=/p,image-subpath=none',
        'Cannot mount none: it does not exist',
      ],
      ['type=image,source=absent,target=/p', 'Cannot mount image absent: No such image'],
    ]) {
      expect(await sh(['--mount', mount ?? ''], 'true')).toMatchObject({
        exitCode: 125,
        stderr: expect.stringContaining(why ?? ''),
      })
    }
    await strake.ok('create', '--name', 'user', ...whole, 'busybox', 'ls', '/img/etc/passwd')
    expect(await strake('rmi', 'tools')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('user'),
    })
    expect(await strake('rmi', '-f', 'tools')).toMatchObject({ exitCode: 0 })
    await strake.ok('image', 'prune', '-f')
    expect(await strake.ok('start', '-a', 'user')).toBe('/img/etc/passwd')
    const copied = await strake.with({ cwd: host }, 'cp', 'user:/img/etc/passwd', 'from-image')
    expect(copied).toMatchObject({ exitCode: 0, stderr: '' })
    await strake.ok('rm', 'user')
    const nested = await command(['grep', '-c', `${strake.directory}.*nested-`, '/proc/mounts'])
    expect(nested.stdout.trim()).toBe('0')
  })

  test('volume-subpath mounts a part of a volume and never leaves it', async () => {
    await strake.ok(
      ...run,
      '-v',
      'parts:/v',
      'busybox',
      'sh',
      '-c',
      'mkdir -p /v/a/b; echo in > /v/a/b/f; ln -s /etc /v/out; ln -s a/b /v/link',
    )
    const mount = (path: string) => ['--mount', `source=parts,target=/m,volume-subpath=${path}`]
    expect(await sh(mount('a/b'), 'cat /m/f; echo more > /m/new')).toMatchObject({ stdout: 'in\n' })
    expect(await sh(mount('link'), 'cat /m/new')).toMatchObject({ stdout: 'more\n' })
    expect(await sh(mount('a/b/f'), 'cat /m')).toMatchObject({ stdout: 'in\n' })
    for (const path of ['none', 'out', 'out/passwd', 'a/b/f/x']) {
      expect(await sh(mount(path), 'true')).toMatchObject({ exitCode: 125 })
    }
    expect(await sh([...mount('a'), '-v', `${host}:/m/b`], 'cat /m/b/file')).toMatchObject({
      stdout: 'file\n',
    })
  })

  test('volume-label and volume-nocopy hold for a new volume', async () => {
    await importBusybox(strake, 'home', 'VOLUME /home')
    await strake.ok(
      ...run,
      '--mount',
      'source=made,target=/etc,volume-nocopy,volume-label=tier=db',
      'busybox',
      'ls',
      '/etc',
    )
    expect(await strake.ok('volume', 'inspect', '-f', '{{json .Labels}}', 'made')).toBe(
      '{"tier":"db"}',
    )
    expect(readdirSync(`${strake.root}/volumes/made/_data`).includes('passwd')).toBe(false)
  })

  test('a bind takes or leaves what is mounted below it, and its access', async () => {
    const script = [
      `mkdir -p ${host}/top/sub; mount --bind ${host}/top ${host}/top`,
      `mount -t tmpfs none ${host}/top/sub; touch ${host}/top/sub/inner`,
    ].join('; ')
    const inside = async (mount: string, check: string) => {
      const words = [
        ...run,
        '--mount',
        `type=bind,source=${host}/top,target=/m${mount}`,
        'busybox',
        'sh',
        '-c',
        `'${check}'`,
      ]
      const line = `${script}; exec ${process.cwd()}/dist/strake ${words.join(' ')}`
      return await command(['unshare', '-m', 'sh', '-c', line], { env: strake.env })
    }
    expect(await inside('', 'ls /m/sub')).toMatchObject({ stdout: 'inner\n' })
    expect(await inside(',bind-recursive=disabled', 'ls /m/sub')).toMatchObject({ stdout: '' })
    const written = 'touch /m/x 2>/dev/null && echo top; touch /m/sub/x 2>/dev/null && echo sub'
    expect(await inside(',ro', written)).toMatchObject({ stdout: '' })
    expect(await inside(',ro,bind-recursive=writable', written)).toMatchObject({ stdout: 'sub\n' })
    expect(
      await inside(',ro,bind-recursive=readonly,bind-propagation=rprivate', written),
    ).toMatchObject({ stdout: '' })
  })

  test('relative sources, missing sources and inspect are as in Docker', async () => {
    mkdirSync(`${host}/rel`)
    symlinkSync('/etc', `${host}/rel/link`)
    const relative = ['--mount', 'type=bind,source=./rel,target=/m']
    const outcome = await strake.with({ cwd: host }, ...run, ...relative, 'busybox', 'ls', '/m')
    expect(outcome).toMatchObject({ stdout: 'link\n' })
    const absent = `type=bind,source=${host}/none,target=/m`
    expect(await sh(['--mount', absent], 'true')).toMatchObject({ exitCode: 125 })
    expect(await sh(['--mount', `${absent},bind-create-src`], 'true')).toMatchObject({
      exitCode: 0,
    })
    expect(existsSync(`${host}/none`)).toBe(true)
    await strake.ok(
      'create',
      '--name',
      'shown',
      '-v',
      `${host}:/a:ro,z,rslave`,
      '--mount',
      `type=bind,source=${host},target=/b,readonly`,
      'busybox',
    )
    const [{ HostConfig }] = JSON.parse(await strake.ok('inspect', 'shown'))
    expect(HostConfig.Binds).toEqual([`${host}:/a:ro,rslave,z`])
    expect(HostConfig.Mounts).toEqual([
      { Type: 'bind', Source: host, Target: '/b', ReadOnly: true },
    ])
    await strake.ok('rm', 'shown')
  })
})
