import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: faults of containers: ${reason}`)

// What a container does to itself stays in it, and commands still work on it.
describe.skipIf(reason !== undefined)('a container that misbehaves', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const run = (...options: readonly string[]): Promise<string> =>
    strake.ok('run', '-d', '--network', 'none', ...options)
  const inspect = (name: string, format: string): Promise<string> =>
    strake.ok('inspect', '-f', format, name)

  test('is killed when its memory runs out, and inspect and events say so', async () => {
    const limits = ['--memory', '16m', '--memory-swap', '16m', '--shm-size', '64m']
    const fill = ['dd', 'if=/dev/zero', 'of=/dev/shm/x', 'bs=1M', 'count=60']
    await run('--name', 'greedy', ...limits, 'busybox', ...fill)
    expect(await strake.ok('wait', 'greedy')).toBe('137')
    expect(await inspect('greedy', '{{.State.OOMKilled}} {{.State.ExitCode}}')).toBe('true 137')
    const filters = ['--filter', 'container=greedy', '--filter', 'event=oom']
    const now = String(Math.ceil(Date.now() / 1000) + 1)
    const events = await strake.ok('events', '--since', '0', '--until', now, ...filters)
    expect(events.split('\n')).toHaveLength(1)
    await strake.ok('rm', 'greedy')
  })

  test('cannot make more processes than its limit, and stops', async () => {
    // The first process forks once: it would end if it could not fork.
    const bomb = 'f() { f | f & }; f & exec sleep 1000'
    await run('--name', 'bomb', '--pids-limit', '40', 'busybox', 'sh', '-c', bomb)
    const rows = (await strake.ok('top', 'bomb')).split('\n')
    expect(rows.length - 1).toBeLessThanOrEqual(40)
    await strake.ok('stop', '-t', '0', 'bomb')
    expect(await inspect('bomb', '{{.State.Status}}')).toBe('exited')
    await strake.ok('rm', 'bomb')
  })

  test('has no zombies with --init, although its first process never reaps', async () => {
    const orphans = 'i=0; while [ $i -lt 50 ]; do (true &); i=$((i+1)); done; exec sleep 100'
    await run('--name', 'reaped', '--init', 'busybox', 'sh', '-c', orphans)
    const zombies = async (): Promise<number> =>
      (await strake.ok('top', 'reaped', '-o', 'pid,stat'))
        .split('\n')
        .filter((row) => / Z/.test(row)).length
    for (let turn = 0; turn < 200 && (await zombies()) > 0; turn++) await Bun.sleep(10)
    expect(await zombies()).toBe(0)
    await strake.ok('rm', '-f', 'reaped')
  })

  test('keeps 10,000 zombies in itself, and takes them along', async () => {
    const options = ['--name', 'careless', '--pids-limit', '0']
    const id = await run(...options, 'busybox', 'sleep', '1001')
    // Orphans become children of the first process, which waits for none.
    const orphans = 'i=0; while [ $i -lt 10000 ]; do (true &); i=$((i+1)); done'
    await strake.ok('exec', 'careless', 'sh', '-c', orphans)
    const group = (): string | undefined =>
      ['/sys/fs/cgroup/pids', '/sys/fs/cgroup']
        .map((place) => `${place}/strake/${id}/pids.current`)
        .find((file) => existsSync(file))
    const count = (): number => Number(readFileSync(group() ?? '/dev/null', 'utf8'))
    expect(count()).toBe(10_001)
    expect(await strake.ok('exec', 'careless', 'echo', 'works')).toBe('works')
    await strake.ok('rm', '-f', 'careless')
    expect(group()).toBeUndefined()
  }, 60_000)

  test('has one health check at a time, and each is killed at its timeout', async () => {
    const health = ['--health-cmd', 'sleep 1000', '--health-timeout', '50ms']
    const often = ['--health-interval', '20ms', '--health-retries', '3']
    await run('--name', 'hanging', ...health, ...often, 'busybox', 'sleep', '1001')
    expect(await strake.ok('wait', '--condition', 'unhealthy', '--timeout', '50', 'hanging')).toBe(
      '0',
    )
    const rows = (await strake.ok('top', 'hanging', '-o', 'pid,args')).split('\n')
    const probes = rows.filter((row) => row.endsWith('sleep 1000'))
    // The shell of a probe and its child.
    expect(probes.length).toBeLessThanOrEqual(2)
    expect(await inspect('hanging', '{{(index .State.Health.Log 0).Output}}')).toContain(
      'exceeded timeout (0.05s)',
    )
    await strake.ok('rm', '-f', 'hanging')
  })

  test('that was killed among 10,000 mounts of others is cleaned up, and they stay', async () => {
    const place = join(strake.directory, 'others')
    const script = `set -e
strake() { ${program} "$@"; }
mkdir ${place}
mount -t tmpfs none ${place}
mkdir ${place}/inside
i=0; while [ $i -lt 14 ]; do mount --rbind ${place} ${place}/inside; i=$((i+1)); done
strake run --rm --network none busybox true
strake system cleanup >/dev/null
before=$(wc -l </proc/self/mountinfo)
test $before -gt 10000
id=$(strake run -d --network none busybox sleep 1000)
test $(wc -l </proc/self/mountinfo) -gt $before
kill -9 $(strake inspect -f '{{.State.Pid}}' $id) $(sed 's/.*"monitor":{"pid":\\([0-9]*\\).*/\\1/' ${strake.root}/containers/$id/state.json)
until strake ps -a --format '{{.State}}' | grep -q exited; do sleep 0.1; done
strake system cleanup >/dev/null
strake rm $id >/dev/null
test $(wc -l </proc/self/mountinfo) -eq $before
strake run --rm --network none busybox echo works`
    const own = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]
    const { stdout, stderr } = await command(own, { env: strake.env })
    expect({ last: stdout.trim().split('\n').at(-1), stderr }).toEqual({
      last: 'works',
      stderr: '',
    })
  }, 60_000)

  // Version 2 of control groups kills frozen processes too.
  const freezer = '/sys/fs/cgroup/freezer'
  test.skipIf(!existsSync(freezer))(
    'that cannot be killed ends stop and rm with an error, and both work later',
    async () => {
      const parent = `strake-test-${process.pid}`
      const state = join(freezer, parent, 'freezer.state')
      await run('--name', 'stuck', '--cgroup-parent', `/${parent}`, 'busybox', 'sleep', '1000')
      writeFileSync(state, 'FROZEN')
      try {
        expect(await inspect('stuck', '{{.State.Status}}')).toBe('paused')
        const failures = [strake('stop', '-t', '0', 'stuck'), strake('rm', '-f', 'stuck')]
        for (const { exitCode, stderr } of await Promise.all(failures)) {
          expect(exitCode).toBe(1)
          expect(stderr).toMatch(
            /Cannot end container stuck: process \d+ was killed and is still there/,
          )
        }
        expect(await strake.ok('ps', '-q', '--filter', 'name=stuck')).not.toBe('')
      } finally {
        writeFileSync(state, 'THAWED')
      }
      await strake.ok('rm', '-f', 'stuck')
      expect(await strake.ok('ps', '-aq', '--filter', 'name=stuck')).toBe('')
      rmdirIfThere(parent)
    },
    60_000,
  )
})

/** Removes the groups of a parent, which strake leaves to its maker. */
function rmdirIfThere(parent: string): void {
  for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
    const path = join('/sys/fs/cgroup', hierarchy, parent)
    if (existsSync(path)) rmdirSync(path)
  }
}
