import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: volumes: ${reason}`)

describe.skipIf(reason !== undefined)('volumes', () => {
  let strake: Strake
  const run = ['run', '--rm', '--network', 'none']
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  test('are created, listed, inspected and used', async () => {
    expect(await strake.ok('volume', 'create', '--label', 'tier=db', 'data')).toBe('data')
    expect(await strake.ok('volume', 'create', 'data')).toBe('data')
    await strake.ok('volume', 'create', 'other')
    expect(await strake.ok('volume', 'ls')).toBe(
      'DRIVER    VOLUME NAME\nlocal     data\nlocal     other',
    )
    expect(await strake.ok('volume', 'list', '-q', '-f', 'label=tier=db')).toBe('data')
    const [document] = JSON.parse(await strake.ok('volume', 'inspect', 'data'))
    expect(document).toEqual({
      CreatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      Driver: 'local',
      Labels: { tier: 'db' },
      Mountpoint: `${strake.root}/volumes/data/_data`,
      Name: 'data',
      Options: null,
      Scope: 'local',
    })
    await strake.ok(...run, '-v', 'data:/d', 'busybox', 'sh', '-c', 'echo kept > /d/f')
    expect(await strake.ok(...run, '-v', 'data:/d', 'busybox', 'cat', '/d/f')).toBe('kept')
    expect(await strake('volume', 'inspect', 'none')).toMatchObject({
      exitCode: 1,
      stdout: '[]\n',
      stderr: expect.stringContaining('Cannot find volume none: there is no such volume'),
    })
  })

  test('are removed only while no container uses them', async () => {
    await strake.ok('create', '--name', 'user', '-v', 'data:/d', 'busybox')
    expect(await strake('volume', 'rm', 'data', 'other', 'none')).toMatchObject({
      exitCode: 1,
      stdout: 'other\n',
      stderr: expect.stringContaining(
        'Cannot remove volume data: volume is in use by container user',
      ),
    })
    expect(await strake.ok('volume', 'ls', '-q', '--filter', 'dangling=false')).toBe('data')
    await strake.ok('rm', 'user')
    await strake.ok('volume', 'rm', 'data')
    expect(await strake.ok('volume', 'rm', '--force', 'data')).toBe('data')
    expect(existsSync(`${strake.root}/volumes/data`)).toBe(false)
    expect(readdirSync(`${strake.root}/volumes`)).toEqual([])
  })

  test('are shown in ps by their names, also those without a name of their own', async () => {
    const mounts = [
      '-v',
      '/data',
      '-v',
      'known:/known',
      '-v',
      '/usr/share:/host:ro',
      '--tmpfs',
      '/t',
    ]
    await strake.ok('create', '--name', 'shown', ...mounts, 'busybox')
    const template = '{{range .Mounts}}{{if eq .Destination "/data"}}{{.Name}}{{end}}{{end}}'
    const anonymous = await strake.ok('inspect', '--format', template, 'shown')
    const row = '{{.LocalVolumes}} {{.Mounts}}'
    const ps = ['ps', '-a', '--filter', 'name=shown', '--format', row]
    expect(await strake.ok(...ps)).toBe(`2 ${anonymous.slice(0, 14)}…,known,/usr/share`)
    expect(await strake.ok(...ps, '--no-trunc')).toBe(`2 ${anonymous},known,/usr/share`)
    for (const wanted of [anonymous, 'known', '/data', '/usr/share', '/host']) {
      expect(
        await strake.ok('ps', '-a', '--filter', `volume=${wanted}`, '--format', '{{.Names}}'),
      ).toBe('shown')
    }
    expect(await strake.ok('ps', '-aq', '--filter', 'volume=/t')).toBe('')
    await strake.ok('rm', '-v', 'shown')
    await strake.ok('volume', 'rm', 'known')
  })

  test('and networks are listed in the order of their numbers', async () => {
    const names = ['order2', 'order10', 'order1']
    for (const kind of ['volume', 'network']) {
      for (const name of names) await strake.ok(kind, 'create', name)
      const listed = await strake.ok(kind, 'ls', '--filter', 'name=order', '--format', '{{.Name}}')
      expect(listed).toBe('order1\norder2\norder10')
      await strake.ok(kind, 'rm', ...names)
    }
  })

  test('are pruned: those without a name, or all', async () => {
    await strake.ok('volume', 'create', 'named')
    const anonymous = await strake.ok('volume', 'create')
    expect(anonymous).toMatch(/^[0-9a-f]{64}$/)
    await strake.ok('create', '--name', 'user', '-v', 'used:/d', 'busybox')
    await strake.ok('volume', 'create', 'used')
    expect(await strake.ok('volume', 'prune', '-f')).toBe(
      `Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: 0B`,
    )
    expect(await strake.ok('volume', 'prune', '-f', '--all', '--filter', 'label=x')).toBe(
      'Total reclaimed space: 0B',
    )
    await strake.ok('volume', 'prune', '-f', '--all')
    expect(await strake.ok('volume', 'ls', '-q')).toBe('used')
    const aged = ['system', 'prune', '-f', '--volumes', '--filter', 'until=1h']
    expect(await strake(...aged)).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('The "until" filter is not supported with "--volumes"'),
    })
    await strake.ok('rm', 'user')
  })

  test('a removal at the same time as new containers never removes files that a container sees', async () => {
    let isOver = false
    const removing = (async () => {
      while (!isOver) await strake('volume', 'rm', 'busy')
    })()
    for (let round = 0; round < 12; round++) {
      const script = 'echo mine > /d/f && sleep 0.05 && cat /d/f'
      expect(await strake.ok(...run, '-v', 'busy:/d', 'busybox', 'sh', '-c', script)).toBe('mine')
    }
    isOver = true
    await removing
  })

  test('are refused with options, drivers and names that cannot work', async () => {
    for (const [args, words] of [
      [['--driver', 'nfs', 'x'], 'Cannot create a volume of driver nfs'],
      [['-o', 'type=tmpfs', 'x'], 'Cannot create volume x: the option device is missing'],
      [['-o', 'Size=1g', 'x'], 'Cannot create volume x: there is no option Size'],
      [['-o', 'size=1', '-o', 'o=ro', 'x'], 'Cannot create volume x: the option type is missing'],
      [['../x'], 'Cannot name a volume ../x'],
      [['--label', '=v', 'x'], 'Cannot create volume x: a label has no name'],
    ] as const) {
      const { exitCode, stderr } = await strake('volume', 'create', ...args)
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(words) })
    }
    expect(await strake.ok('volume', 'ls', '-q')).not.toContain('x')
  })
})
