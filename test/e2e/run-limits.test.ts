import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { importBusybox } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

// Limits of `run`, as a process in the container finds them in its control group.

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: limits: ${reason}`)

const isUnified = existsSync('/sys/fs/cgroup/cgroup.controllers')
/** A disk of this machine, which the kernel can limit. */
const disk = readdirSync('/sys/block').find((name) => /^(vd|sd|nvme|xvd)/.test(name))

describe.skipIf(reason !== undefined)('limits', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const read = async (v1: string, v2: string, ...options: readonly string[]): Promise<string> => {
    const script = `cat /sys/fs/cgroup/${isUnified ? v2 : v1}`
    const words = [...options, 'busybox', 'sh', '-c', script]
    return await strake.ok('run', '--rm', '--network', 'none', ...words)
  }

  test('of processor time by period and quota', async () => {
    const options = ['--cpu-period', '50000', '--cpu-quota', '20000']
    const v1 = 'cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us'
    expect((await read(v1, 'cpu.max', ...options)).replace('\n', ' ')).toBe('20000 50000')
  })

  test.skipIf(isUnified)('of swapping and of the OOM killer', async () => {
    expect(await read('memory/memory.swappiness', '', '--memory-swappiness', '7')).toBe('7')
    const options = ['--oom-kill-disable', '-m', '64m']
    expect(await read('memory/memory.oom_control', '', ...options)).toContain('oom_kill_disable 1')
  })

  test.skipIf(!isUnified)('that cgroup v2 lacks are ignored with a warning', async () => {
    const words = ['--memory-swappiness', '7', 'busybox', 'true']
    const { exitCode, stderr } = await strake('run', '--rm', ...words)
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.stringMatching(/^WARN: /) })
  })

  test.skipIf(disk === undefined)('of bytes and operations on a disk', async () => {
    const path = `/dev/${disk}`
    const options = [
      ...['--device-read-bps', `${path}:1mb`, '--device-write-bps', `${path}:2mb`],
      ...['--device-read-iops', `${path}:300`, '--device-write-iops', `${path}:400`],
    ]
    const files = ['read_bps', 'write_bps', 'read_iops', 'write_iops']
    const v1 = files.map((name) => `blkio/blkio.throttle.${name}_device`)
    const shown = await read(v1.join(' /sys/fs/cgroup/'), 'io.max', ...options)
    expect(shown.match(/[0-9]+(?=\n|$| wbps| riops| wiops)/g)).toEqual([
      '1048576',
      '2097152',
      '300',
      '400',
    ])
  })

  test('of devices: a rule allows a node that the container made', async () => {
    const script = 'mknod /k c 1 11; (: < /k) 2>/dev/null && echo open || echo denied'
    const run = (...options: readonly string[]): Promise<string> =>
      strake.ok('run', '--rm', '--cap-add', 'SYSLOG', ...options, 'busybox', 'sh', '-c', script)
    expect(await run()).toBe('denied')
    expect(await run('--device-cgroup-rule', 'c 1:11 r')).toBe('open')
  })

  test('are in inspect', async () => {
    const options = ['--cpu-period', '50000', '--device-cgroup-rule', 'c 1:11 r', '--name', 'shown']
    await strake.ok('create', ...options, 'busybox')
    const [{ HostConfig }] = JSON.parse(await strake.ok('inspect', 'shown'))
    expect(HostConfig).toMatchObject({ CpuPeriod: 50000, DeviceCgroupRules: ['c 1:11 r'] })
  })

  test('that no kernel takes are refused', async () => {
    for (const [flag, value, words] of [
      ['--cpu-period', '5', 'the range is 1000 to 1000000'],
      ['--cpu-quota', '5', 'the least is 1000'],
      ['--memory-swappiness', '101', 'the range is 0 to 100'],
      ['--blkio-weight', '5', 'the range is 10 to 1000'],
      ['--device-cgroup-rule', 'c 1:11', 'it must read like'],
      ['--device-read-bps', '/dev/null:1mb', 'it is not a block device'],
      ['--device-read-bps', '/dev/absent:1mb', 'no such file'],
    ] as const) {
      const { exitCode, stderr } = await strake('run', '--rm', flag, value, 'busybox', 'true')
      expect({ flag, exitCode, stderr }).toEqual({
        flag,
        exitCode: 125,
        stderr: expect.stringContaining(words),
      })
    }
  })
})
