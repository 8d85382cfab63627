import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeBusyboxRoot } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

// What a hostile image or process tries against the machine. Attacks on copies are in cp.test.ts and
// src/copy, those on mounts and descriptors in src/container/verbs.

const reason = missing('busybox', 'tar', 'runc', 'unshare', 'sha256sum')
if (reason) console.info(`skipped: attacks of containers: ${reason}`)

describe.skipIf(reason !== undefined)('a hostile container', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const run = (...words: readonly string[]): Promise<string> =>
    strake.ok('run', '--rm', '--network', 'none', ...words)
  const sh = (script: string, ...options: readonly string[]): Promise<string> =>
    run(...options, 'busybox', 'sh', '-c', script)

  test('does not write to the runtime through /proc/PID/exe, when it is started and when a process is added', async () => {
    const path = Bun.which('runc') ?? ''
    const copy = join(strake.directory, 'runc')
    // The container attacks a copy: a runtime without the fix would be damaged.
    const script = `set -e
cp ${path} ${copy}
mount --bind ${copy} ${path}
strake() { ${program} "$@"; }
before=$(sha256sum <${copy})
strake run -d --name attacker --runtime runc --network none busybox sh -c 'while :; do for p in /proc/[0-9]*; do (: >>$p/exe) 2>/dev/null; done; done' >/dev/null
for turn in 1 2 3 4 5 6 7 8; do strake exec attacker /proc/self/exe --version >/dev/null 2>&1 || true; strake exec attacker true; done
strake run --rm --runtime runc --network none --entrypoint /proc/self/exe busybox --version >/dev/null 2>&1 || true
strake rm -f attacker >/dev/null
test "$before" = "$(sha256sum <${copy})" && echo whole`
    const own = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script]
    expect(await command(own, { env: strake.env })).toMatchObject({ stdout: 'whole\n', stderr: '' })
  }, 60_000)

  const places: readonly (readonly [string, (root: string) => Promise<void>])[] = [
    ['/proc is a link within the image', async (root) => link('tmp/trap', join(root, 'proc'))],
    ['/proc is a link to /', async (root) => link('/', join(root, 'proc'))],
    ['/proc is a file', async (root) => file(join(root, 'proc'))],
    ['/sys is a link', async (root) => link('/tmp/trap', join(root, 'sys'))],
    ['/dev is a link', async (root) => link('/tmp/trap', join(root, 'dev'))],
    ['/dev is a file', async (root) => file(join(root, 'dev'))],
    ['/dev/null is a link', async (root) => link('/tmp/trap/x', join(root, 'dev/null'))],
    [
      '/dev/console is a link',
      async (root) => link('/proc/sys/kernel/core_pattern', join(root, 'dev/console')),
    ],
  ]

  test.each(places)(
    'is confined, or refused in one sentence, although %s',
    async (title, change) => {
      const name = `odd-${places.findIndex(([one]) => one === title)}`
      const root = join(strake.directory, name)
      await writeBusyboxRoot(root)
      await mkdir(join(root, 'tmp/trap'), { recursive: true })
      await mkdir(join(root, 'dev'), { recursive: true })
      await change(root)
      const archive = `${root}.tar`
      await command(['tar', '-C', root, '--numeric-owner', '-cf', archive, '.'])
      await strake.ok('import', archive, name)
      const mounts = (): number =>
        readFileSync('/proc/self/mountinfo', 'utf8').split(strake.directory).length
      const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
      await strake.ok('system', 'cleanup')
      const before = mounts()
      const probe = `grep -c '^Seccomp:.2' /proc/self/status
busybox head -c 1 /proc/kcore 2>/dev/null | busybox wc -c
(echo x >/proc/sys/kernel/core_pattern) 2>/dev/null || echo refused`
      const words = ['--rm', '--network', 'none', '-t', name, 'busybox', 'sh', '-c', probe]
      const { exitCode, stdout, stderr } = await strake('run', ...words)
      if (exitCode === 0) expect(stdout.replaceAll('\r', '')).toBe('1\n0\nrefused\n')
      else
        expect({ exitCode, stderr }).toEqual({
          exitCode: expect.any(Number),
          stderr: expect.stringMatching(/^strake: [^\n]+\n(?: {2}try: [^\n]+\n)?$/),
        })
      await strake.ok('system', 'cleanup')
      expect(mounts()).toBe(before)
      expect(readFileSync('/proc/sys/kernel/core_pattern', 'utf8')).toBe(pattern)
    },
    30_000,
  )

  test('reads nothing of the machine in /proc and /sys', async () => {
    const script = `for f in acpi interrupts kcore keys timer_list sched_debug latency_stats; do
  if [ -e /proc/$f ]; then n=$(head -c 1 /proc/$f 2>/dev/null | wc -c); [ $n = 0 ] || [ -d /proc/$f ] || echo "/proc/$f"; fi
done
for d in /proc/acpi /proc/scsi /proc/asound /sys/firmware /sys/devices/virtual/powercap /sys/devices/system/cpu/cpu0/thermal_throttle; do
  [ -d $d ] && [ -n "$(ls $d)" ] && echo $d
done
echo end`
    expect(await sh(script)).toBe('end')
  })

  test('has no capability that its programs inherit, and its group among its groups', async () => {
    const script = 'grep -E "^Cap(Inh|Amb):" /proc/self/status | cut -f 2; id -G'
    const none = '0000000000000000'
    for (const user of ['0', '7:8', '1234']) {
      const [inherited, ambient, groups = ''] = (await sh(script, '--user', user)).split('\n')
      expect([inherited, ambient]).toEqual([none, none])
      expect(groups.split(' ')).toContain(user.split(':')[1] ?? '0')
    }
  })

  test('is left by 100 clients, and its monitor keeps no descriptor and little memory of them', async () => {
    const id = await strake.ok(
      'run',
      '-d',
      '--network',
      'none',
      '--name',
      'busy',
      'busybox',
      'sh',
      '-c',
      'while :; do echo line; sleep 0.05; done',
    )
    const state = JSON.parse(readFileSync(`${strake.root}/containers/${id}/state.json`, 'utf8'))
    const status = (): string => readFileSync(`/proc/${state.monitor.pid}/status`, 'utf8')
    const memory = (): number => Number(/^VmRSS:\s+(\d+)/m.exec(status())?.[1])
    const descriptors = async (): Promise<number> =>
      Number((await command(['sh', '-c', `ls /proc/${state.monitor.pid}/fd | wc -l`])).stdout)
    const clients = async (count: number): Promise<void> => {
      for (let turn = 0; turn < count; turn += 10) {
        await Promise.all(
          Array.from({ length: 10 }, async () => {
            const child = Bun.spawn([program, 'attach', 'busy'], {
              env: strake.env,
              stdin: 'ignore',
              stdout: 'pipe',
              stderr: 'ignore',
            })
            await child.stdout.getReader().read()
            child.kill('SIGKILL')
            await child.exited
          }),
        )
      }
    }
    await clients(30)
    const [first, before] = [await descriptors(), memory()]
    await clients(70)
    for (let turn = 0; turn < 100 && (await descriptors()) > first; turn++) await Bun.sleep(20)
    expect(await descriptors()).toBeLessThanOrEqual(first)
    // In kilobytes: the heap may grow once, but not with every client.
    expect(memory() - before).toBeLessThan(16_000)
    await strake.ok('rm', '-f', 'busy')
  }, 60_000)
})

async function link(target: string, path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await symlink(target, path)
}

async function file(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
  await writeFile(path, 'a file\n')
  expect(existsSync(path)).toBe(true)
}
