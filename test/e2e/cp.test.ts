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
import { gzipSync } from 'node:zlib'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: cp: ${reason}`)

describe.skipIf(reason !== undefined)('cp', () => {
  let strake: Strake
  let home: string
  const run = ['run', '-d', '--network', 'none']
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    home = mkdtempSync(`${strake.directory}/copied-`)
    writeFileSync(`${home}/file`, 'file\n')
    mkdirSync(`${home}/dir`)
    writeFileSync(`${home}/dir/inner`, 'inner\n')
    writeFileSync(`${home}/bound`, 'bound\n')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  /** Runs `strake cp` in the directory of the files. */
  const cp = (...args: readonly string[]) => strake.with({ cwd: home }, 'cp', ...args)
  async function copied(...args: readonly string[]): Promise<void> {
    expect(await cp(...args)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  }

  test('copies to and from a running container, with its volumes and memory', async () => {
    const mounts = ['-v', 'data:/data', '-v', `${home}/bound:/etc/bound:ro`, '--tmpfs', '/mem']
    await strake.ok(...run, '--name', 'web', ...mounts, 'busybox', 'sleep', '1000')
    for (const place of ['/data', '/mem', '/tmp/new', '/dev/shm/'])
      await copied('file', `web:${place}`)
    const shown = ['/data/file', '/mem/file', '/tmp/new', '/dev/shm/file']
    expect(await strake.ok('exec', 'web', 'cat', ...shown)).toBe('file\n'.repeat(4).trim())
    await copied('web:/etc/bound', 'back')
    expect(readFileSync(`${home}/back`, 'utf8')).toBe('bound\n')
    expect(await cp('file', 'web:/etc/bound')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('another file is mounted in its place'),
    })
    await copied('dir', 'web:/tmp/made')
    await copied('web:/tmp/made/.', 'made')
    expect(readdirSync(`${home}/made`)).toEqual(['inner'])
    expect(await cp('web:/proc/1/status', '.')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('it is in a file system of the kernel'),
    })
    await strake.ok('pause', 'web')
    await copied('web:/mem/file', 'paused')
    await strake.ok('rm', '-f', 'web')
  })

  test('copies to and from a container that does not run, and its start keeps the files', async () => {
    await strake.ok(
      'create',
      '--name',
      'still',
      '-v',
      '/anon',
      '-v',
      'ro:/ro:ro',
      'busybox',
      'cat',
      '/anon/file',
      '/etc/new',
    )
    await copied('file', 'still:/anon')
    await copied('dir/inner', 'still:/etc/new')
    for (const [place, why] of [
      ['/ro/x', 'it is read-only in the container'],
      ['/dev/x', 'it is in memory, which exists only while the container runs'],
      ['/none/x', 'there is no such directory'],
    ]) {
      expect(await cp('file', `still:${place}`)).toMatchObject({
        exitCode: 1,
        stderr: expect.stringContaining(why ?? ''),
      })
    }
    expect(await strake.ok('start', '-a', 'still')).toBe('file\ninner')
    await copied('still:/etc/hosts', 'hosts')
    expect(readFileSync(`${home}/hosts`, 'utf8')).toContain('localhost')
    expect(await strake.ok('ps', '-aq', '--filter', 'status=exited')).not.toBe('')
    await strake.ok('rm', '-v', 'still')
  })

  test('writes and reads archives, compressed or not', async () => {
    await strake.ok('create', '--name', 'tars', 'busybox')
    await copied('dir', 'tars:/tmp')
    const pipe = `'${program}' cp tars:/tmp/dir - | tar t`
    const listed = await command(['sh', '-c', pipe], { env: strake.env, cwd: home })
    expect(listed.stdout).toBe('dir/\ndir/inner\n')
    const packed = await command(['sh', '-c', `tar c file dir > all.tar`], { cwd: home })
    expect(packed.exitCode).toBe(0)
    const tar = readFileSync(`${home}/all.tar`)
    for (const input of [tar, gzipSync(tar)]) {
      const outcome = await strake.with({ input, cwd: home }, 'cp', '-', 'tars:/root/')
      expect(outcome).toEqual({ exitCode: 0, stdout: '', stderr: '' })
      await copied('tars:/root/dir/inner', 'unpacked')
      expect(readFileSync(`${home}/unpacked`, 'utf8')).toBe('inner\n')
    }
    expect(await strake.with({ input: tar }, 'cp', '-', 'tars:/etc/passwd')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining(
        'Cannot unpack an archive at tars:/etc/passwd: it is not a directory',
      ),
    })
    expect(
      await strake.with({ input: tar.subarray(0, 700) }, 'cp', '-', 'tars:/root'),
    ).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('the archive ends'),
    })
    await strake.ok('rm', 'tars')
  })

  test('copies several files and patterns into a directory, and between containers', async () => {
    await strake.ok('create', '--name', 'one', 'busybox')
    await strake.ok('create', '--name', 'two', 'busybox')
    await copied('file', 'dir', 'bound', 'one:/home')
    mkdirSync(`${home}/out`)
    await copied('one:/home/*', 'one:/etc/[pg]*d', 'out')
    expect(readdirSync(`${home}/out`).sort()).toEqual(['bound', 'dir', 'file', 'passwd'])
    await copied('one:/home/.', 'two:/home')
    await copied('two:/home/dir', 'two:/home/again')
    await copied('two:/home/again/inner', 'inner')
    for (const [args, why] of [
      [['one:/home/*', 'nowhere'], 'Cannot copy several files to nowhere: it is not a directory'],
      [['one:/none/*', 'out'], 'Cannot copy one:"/none/*": no file matches'],
      [['two:/home', 'two:/home/dir'], 'the copy would be made inside the directory'],
      [['file', 'out'], 'no path is in a container'],
      [['none:/x', 'out'], 'Cannot find container none'],
      [['one:/none', 'out'], 'Cannot copy one:/none: there is no such file or directory'],
      [['none', 'one:/'], 'Cannot copy none: there is no such file or directory'],
      [['', 'one:/'], 'a path is empty'],
    ] as const) {
      expect(await cp(...args)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(why) })
    }
    await strake.ok('rm', 'one', 'two')
  })

  test('gives files the owner that Docker gives them, and with -a that of the other side', async () => {
    await strake.ok('create', '--name', 'owned', '--user', 'user', 'busybox')
    const given = await command(['chown', '7:8', `${home}/file`])
    expect(given.exitCode).toBe(0)
    await copied('file', 'owned:/tmp/plain')
    await copied('-a', 'file', 'owned:/tmp/archived')
    await copied('-a', 'owned:/tmp/plain', 'kept')
    await copied('-a', 'owned:/tmp/archived', 'users')
    await copied('owned:/tmp/plain', 'mine')
    expect(lstatSync(`${home}/kept`)).toMatchObject({ uid: 7, gid: 8 })
    expect(lstatSync(`${home}/users`)).toMatchObject({ uid: 1000, gid: 1000 })
    expect(lstatSync(`${home}/mine`)).toMatchObject({ uid: 0, gid: 0 })
    await copied('-L', 'owned:/bin/sh', 'shell')
    expect(lstatSync(`${home}/shell`).isFile()).toBe(true)
    await strake.ok('rm', 'owned')
  })

  test('records events, and container cp is the same command', async () => {
    const id = await strake.ok('create', '--name', 'noted', 'busybox')
    const since = `${Math.floor(Date.now() / 1000)}`
    expect(await strake.with({ cwd: home }, 'container', 'cp', 'file', 'noted:/')).toMatchObject({
      exitCode: 0,
    })
    await copied('noted:/file', 'noted')
    const events = await strake.ok(
      'events',
      '--since',
      since,
      '--until',
      '0s',
      '--filter',
      `container=${id}`,
    )
    const actions = events.split('\n').map((line) => line.split(' ')[2])
    expect(actions.filter((action) => action !== 'create')).toEqual([
      'extract-to-dir',
      'archive-path',
    ])
    await strake.ok('rm', 'noted')
  })

  test('reads and writes nothing outside a container that exchanges links and directories', async () => {
    const outside = mkdtempSync(`${strake.directory}/outside-`)
    writeFileSync(`${outside}/secret`, 'secret\n')
    const script = [
      `mkdir -p /w/a && ln -s ${outside} /w/b && echo inner > /w/a/secret`,
      'mkdir /w/c; echo up > /ready',
      'while :; do mv -T /w/a /w/x 2>/dev/null; mv -T /w/b /w/a; mv -T /w/x /w/b;' +
        ' mv -T /w/a /w/x; mv -T /w/b /w/a; mv -T /w/x /w/b; done',
    ].join('; ')
    await strake.ok(...run, '--name', 'evil', 'busybox', 'sh', '-c', script)
    while ((await cp('evil:/ready', 'ready')).exitCode !== 0) await Bun.sleep(20)
    for (let round = 0; round < 25; round++) {
      mkdirSync(`${home}/race`, { recursive: true })
      await cp('evil:/w', 'race')
      await cp('evil:/w/a/.', 'race')
      await cp('evil:/w/a/secret', 'race/one')
      await cp('file', 'evil:/w/a/secret')
      await cp('dir/.', 'evil:/w/a')
      const grep = await command(['grep', '-rlx', 'secret', `${home}/race`])
      expect(grep.stdout).toBe('')
    }
    expect(readFileSync(`${outside}/secret`, 'utf8')).toBe('secret\n')
    expect(readdirSync(outside)).toEqual(['secret'])
    expect(existsSync(`${home}/race`)).toBe(true)
    await strake.ok('rm', '-f', 'evil')
  }, 120_000)
})
