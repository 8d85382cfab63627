import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: files of volumes: ${reason}`)

describe.skipIf(reason !== undefined)('files of volumes', () => {
  let strake: Strake
  let host: string
  const run = ['run', '--rm', '--network', 'none']
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    host = mkdtempSync(`${strake.directory}/host-`)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  /** The mounts in place of volumes. */
  async function mounted(): Promise<readonly string[]> {
    const { stdout } = await command(['cat', '/proc/mounts'])
    const places = stdout.split('\n').map((line) => line.split(' ')[1] ?? '')
    return places.filter((place) => place.startsWith(`${strake.root}/volumes/`))
  }

  const create = (name: string, options: Readonly<Record<string, string>>) =>
    strake.ok(
      'volume',
      'create',
      ...Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
      name,
    )

  test('type=tmpfs is mounted while a container uses it, and is empty afterwards', async () => {
    await create('memory', { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1000' })
    const [{ Options }] = JSON.parse(await strake.ok('volume', 'inspect', 'memory'))
    expect(Options).toEqual({ type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1000' })
    const script = 'mount | grep " /m "; touch /m/f; echo up; exec sleep 1000'
    const mount = ['-v', 'memory:/m']
    for (const name of ['m1', 'm2']) {
      await strake.ok(
        'run',
        '-d',
        '--network',
        'none',
        '--name',
        name,
        ...mount,
        'busybox',
        'sh',
        '-c',
        script,
      )
    }
    expect(await mounted()).toEqual([`${strake.root}/volumes/memory/_data`])
    while (!(await strake.ok('logs', 'm2')).includes('up')) await Bun.sleep(10)
    expect(await strake.ok('logs', 'm2')).toContain('tmpfs on /m type tmpfs')
    expect(await strake('volume', 'rm', 'memory')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        'Cannot remove volume memory: volume is in use by container m',
      ),
    })
    await strake.ok('stop', '-t', '0', 'm1')
    expect(await mounted()).toHaveLength(1)
    await strake.ok('rm', '-f', 'm2')
    expect(await mounted()).toEqual([])
    await strake.ok('rm', 'm1')
    await strake.ok('volume', 'rm', 'memory')
  })

  test('type=none with o=bind shows a directory of the host, filled from the image', async () => {
    mkdirSync(`${host}/bound`)
    await create('bound', { type: 'none', device: `${host}/bound`, o: 'bind' })
    await strake.ok(...run, '-v', 'bound:/etc', 'busybox', 'sh', '-c', 'echo new > /etc/new')
    expect(readdirSync(`${host}/bound`)).toContain('passwd')
    expect(readFileSync(`${host}/bound/new`, 'utf8')).toBe('new\n')
    const options = 'volume-opt=type=none,volume-opt=o=bind'
    const inline = `source=inline,target=/x,${options},volume-opt=device=${host}/bound`
    expect(await strake.ok(...run, '--mount', inline, 'busybox', 'cat', '/x/new')).toBe('new')
    await strake.ok('volume', 'rm', 'bound', 'inline')
    expect(existsSync(`${host}/bound/new`)).toBe(true)
    expect(await mounted()).toEqual([])
  })

  test('a mount that fails starts no container and leaves nothing', async () => {
    await create('broken', { type: 'none', device: '/none/such', o: 'bind' })
    expect(await strake(...run, '-v', 'broken:/m', 'busybox', 'true')).toMatchObject({
      exitCode: 125,
      stderr: expect.stringContaining('Cannot mount volume broken: /none/such of type none'),
    })
    expect(await mounted()).toEqual([])
    expect(await strake.ok('ps', '-aq')).toBe('')
    await strake.ok('volume', 'rm', 'broken')
  })

  test('a container whose monitor was killed does not keep the mount', async () => {
    await create('crash', { type: 'tmpfs', device: 'tmpfs' })
    await strake.ok(
      'run',
      '-d',
      '--network',
      'none',
      '--name',
      'lost',
      '-v',
      'crash:/m',
      'busybox',
      'sleep',
      '1000',
    )
    const id = await strake.ok('ps', '-q', '--no-trunc')
    const { process: main, monitor } = JSON.parse(
      readFileSync(`${strake.root}/containers/${id}/state.json`, 'utf8'),
    )
    process.kill(monitor.pid, 'SIGKILL')
    process.kill(main.pid, 'SIGKILL')
    while (existsSync(`/proc/${main.pid}/root/bin`)) await Bun.sleep(10)
    expect(await mounted()).toHaveLength(1)
    await strake.ok('system', 'cleanup')
    expect(await mounted()).toEqual([])
    await strake.ok('rm', 'lost')
    await strake.ok('volume', 'rm', 'crash')
  })

  test('export and import move the files of a volume, with owners and modes', async () => {
    const script =
      'mkdir /v/d; echo text > /v/d/f; chown 5:6 /v/d/f; chmod 4751 /v/d/f; ln /v/d/f /v/g; ln -s d/f /v/l; mkdir /v/.wh.odd'
    await strake.ok(...run, '-v', 'from:/v', 'busybox', 'sh', '-c', script)
    await strake.ok('volume', 'export', '-o', `${host}/from.tar`, 'from')
    expect((await command(['tar', 'tf', `${host}/from.tar`])).stdout).toBe(
      './\n./.wh.odd/\n./d/\n./d/f\n./g\n./l\n',
    )
    await command(['gzip', `${host}/from.tar`])
    await strake.ok('volume', 'import', 'to', `${host}/from.tar.gz`)
    const data = `${strake.root}/volumes/to/_data`
    expect(lstatSync(`${data}/d/f`)).toMatchObject({ uid: 5, gid: 6, nlink: 2 })
    expect(lstatSync(`${data}/d/f`).mode & 0o7777).toBe(0o4751)
    const input = readFileSync(`${host}/from.tar.gz`)
    expect(await strake.with({ input }, 'volume', 'import', 'piped')).toMatchObject({ exitCode: 0 })
    expect(readFileSync(`${strake.root}/volumes/piped/_data/l`, 'utf8')).toBe('text\n')
    expect(await strake('volume', 'export', '-o', `${host}/x`, 'none')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Cannot find volume none'),
    })
  })

  test('clone copies files and labels, and suspends containers only while it copies', async () => {
    await strake.ok('volume', 'create', '--label', 'tier=db', 'db')
    await strake.ok(
      'run',
      '-d',
      '--network',
      'none',
      '--name',
      'writer',
      '-v',
      'db:/d',
      'busybox',
      'sh',
      '-c',
      'echo one > /d/f; exec sleep 1000',
    )
    while (!existsSync(`${strake.root}/volumes/db/_data/f`)) await Bun.sleep(10)
    expect(await strake.ok('volume', 'clone', '--pause', 'db', 'copy')).toBe('copy')
    expect(await strake.ok('inspect', '-f', '{{.State.Status}}', 'writer')).toBe('running')
    expect(readFileSync(`${strake.root}/volumes/copy/_data/f`, 'utf8')).toBe('one\n')
    expect(await strake.ok('volume', 'inspect', '-f', '{{json .Labels}}', 'copy')).toBe(
      '{"tier":"db"}',
    )
    expect(await strake('volume', 'clone', 'db', 'copy')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('there is a volume copy'),
    })
    await strake.ok('rm', '-f', 'writer')
  })

  test('volume cp copies single files, patterns and archives', async () => {
    writeFileSync(`${host}/one.sql`, 'one')
    writeFileSync(`${host}/two.sql`, 'two')
    await strake.ok('volume', 'create', 'files')
    const cp = (...args: readonly string[]) => strake.with({ cwd: host }, 'volume', 'cp', ...args)
    expect(await cp('one.sql', 'two.sql', 'files:/')).toMatchObject({ exitCode: 0, stderr: '' })
    mkdirSync(`${host}/back`)
    expect(await cp('files:*.sql', 'back')).toMatchObject({ exitCode: 0, stderr: '' })
    expect(readdirSync(`${host}/back`).sort()).toEqual(['one.sql', 'two.sql'])
    expect((await cp('files:/one.sql', '-')).stdout).toContain('one.sql')
    expect(await cp('none:/x', 'back')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Cannot find volume none'),
    })
    await create('tmp', { type: 'tmpfs', device: 'tmpfs' })
    expect(await cp('one.sql', 'tmp:/')).toMatchObject({ exitCode: 0 })
    expect(await mounted()).toEqual([])
  })
})
