import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: update: ${reason}`)

const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers')

describe.skipIf(reason !== undefined)('update', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const files = isUnified
    ? ['memory.max', 'pids.max', 'cpu.max']
    : ['memory/memory.limit_in_bytes', 'pids/pids.max', 'cpu/cpu.cfs_quota_us']
  const limits = (name: string): Promise<string> =>
    strake.ok('exec', name, 'cat', ...files.map((file) => `/sys/fs/cgroup/${file}`))
  const shown = (text: string): readonly string[] =>
    text.split('\n').map((line) => line.replace(/ .*/, ''))

  test('changes the limits of a running container, also after its restart', async () => {
    await strake.ok('run', '-d', '--name', 'web', '-m', '64m', 'busybox', 'sleep', '1000')
    const change = ['--memory', '96m', '--pids-limit', '55', '--cpus', '0.5']
    expect(await strake.ok('update', ...change, 'web')).toBe('web')
    const expected = ['100663296', '55', '50000']
    expect(shown(await limits('web'))).toEqual(expected)
    await strake.ok('restart', '-t', '0', 'web')
    expect(shown(await limits('web'))).toEqual(expected)
    const [{ HostConfig }] = JSON.parse(await strake.ok('inspect', 'web'))
    expect(HostConfig).toMatchObject({ Memory: 100663296, PidsLimit: 55, NanoCpus: 5e8 })
    await strake.ok('container', 'update', '--pids-limit', '-1', 'web')
    expect(shown(await limits('web'))).toEqual(['100663296', 'max', '50000'])
    const events = ['events', '--since', '1h', '--until', '0s', '--filter', 'event=update']
    expect((await strake.ok(...events)).split('\n')).toHaveLength(2)
    await strake.ok('rm', '-f', 'web')
  })

  test('changes the restart policy of a running container', async () => {
    const words = ['busybox', 'sh', '-c', 'until [ -e /go ]; do sleep 0.05; done; rm /go; exit 4']
    await strake.ok('run', '-d', '--name', 'again', ...words)
    await strake.ok('update', '--restart', 'on-failure:3', 'again')
    await strake.ok('exec', 'again', 'touch', '/go')
    const count = (): Promise<string> => strake.ok('inspect', '-f', '{{.RestartCount}}', 'again')
    while ((await count()) !== '1') await Bun.sleep(20)
    await strake.ok('update', '--restart', 'no', '--pids-limit', '60', 'again')
    while ((await strake('exec', 'again', 'touch', '/go')).exitCode !== 0) await Bun.sleep(20)
    expect(await strake.ok('wait', 'again')).toBe('4')
    expect(await count()).toBe('1')
    await strake.ok('rm', 'again')
  })

  test('keeps the limits of a restart that the monitor makes', async () => {
    const words = ['busybox', 'sh', '-c', 'until [ -e /go ]; do sleep 0.05; done; rm /go']
    await strake.ok('run', '-d', '--name', 'kept', '--restart', 'always', ...words)
    await strake.ok('update', '-m', '80m', 'kept')
    await strake.ok('exec', 'kept', 'touch', '/go')
    const restarts = ['inspect', '-f', '{{.RestartCount}} {{.State.Status}}', 'kept']
    while ((await strake.ok(...restarts)) !== '1 running') await Bun.sleep(20)
    expect(shown(await limits('kept'))[0]).toBe('83886080')
    await strake.ok('rm', '-f', 'kept')
  })

  test('refuses what a container cannot have, and keeps the old limits', async () => {
    await strake.ok('create', '--rm', '--name', 'gone', '-m', '64m', 'busybox')
    for (const [options, words] of [
      [[], 'no option says what to change'],
      [['-m', '1m'], 'the least is 6 MiB'],
      [['--restart', 'always'], 'it was made with --rm'],
      [['--memory-swap', '32m'], 'it must be at least the memory limit'],
      [['--kernel-memory', '32m'], 'use --memory'],
    ] as const) {
      const { exitCode, stderr } = await strake('update', ...options, 'gone')
      expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(words) })
    }
    expect(await strake.ok('inspect', '-f', '{{.HostConfig.Memory}}', 'gone')).toBe('67108864')
    expect(await strake('update', '-m', '64m', 'absent')).toMatchObject({ exitCode: 1 })
  })
})
