import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'nft', 'unshare')
if (reason) console.info(`skipped: reboot: ${reason}`)

describe.skipIf(reason !== undefined)('a machine that goes down and starts again', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  let boots = 0

  /**
   * Runs a script on a machine of its own: namespaces for mounts, processes and the network, a boot
   * ID of its own and an empty directory for running state. At its end the kernel kills
   * every process and drops every mount, as in a power failure.
   */
  async function boot(script: string): Promise<string> {
    boots++
    const id = join(strake.directory, 'boot-id')
    writeFileSync(id, `00000000-0000-4000-8000-00000000000${boots}\n`)
    const run = strake.env['STRAKE_RUN'] ?? ''
    const whole = `set -e
mount --bind ${id} /proc/sys/kernel/random/boot_id
rm -rf ${run}
mkdir ${run}
ip link set lo up
strake() { ${program} "$@"; }
${script}`
    const own = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    const outcome = await command([...own, 'sh', '-c', whole], { env: strake.env })
    if (outcome.exitCode !== 0) throw new Error(outcome.stdout + outcome.stderr)
    return outcome.stdout.trim()
  }

  const states = "strake ps -a --format '{{.Names}} {{.State}}{{with .Ports}} {{.}}{{end}}' | sort"

  test('start-all starts what the restart policies name, after a power failure', async () => {
    const sleeper = 'busybox sh -c "trap exit TERM; while :; do sleep 0.05; done"'
    const before = await boot(`
strake run -d --name always --restart always -p 127.0.0.1:8123:80 -v data:/data busybox sh -c 'trap exit TERM; echo kept >/data/file; while :; do sleep 0.05; done' >/dev/null
strake run -d --name wanted --restart unless-stopped ${sleeper} >/dev/null
strake run -d --name unwanted --restart unless-stopped ${sleeper} >/dev/null
strake run -d --name failed --restart on-failure ${sleeper} >/dev/null
strake run -d --name plain ${sleeper} >/dev/null
strake run -d --rm --name passing ${sleeper} >/dev/null
strake create --name fresh --restart always ${sleeper} >/dev/null
strake stop unwanted >/dev/null
until strake exec always test -s /data/file; do sleep 0.05; done
${states}`)
    expect(before.split('\n')).toContain('always running 127.0.0.1:8123->80/tcp')

    const after = await boot(`
${states}
echo ---
strake system start-all 2>/dev/null | sort
echo ---
${states}
strake exec always cat /data/file
strake inspect --format '{{.State.ExitCode}} {{.State.Error}}' plain`)
    const [lost, started, now] = after.split('---\n')
    expect(lost?.trim().split('\n')).toEqual([
      'always exited',
      'failed exited',
      'fresh created',
      'plain exited',
      'unwanted exited',
      'wanted exited',
    ])
    expect(started?.trim().split('\n')).toEqual(['always', 'failed', 'wanted'])
    expect(now?.trim().split('\n')).toEqual([
      'always running 127.0.0.1:8123->80/tcp',
      'failed running',
      'fresh created',
      'plain exited',
      'unwanted exited',
      'wanted running',
      'kept',
      '137 it ended without its monitor',
    ])
  })

  test('stop-all ends all containers, and the next boot starts them again', async () => {
    const down = await boot(`
strake system start-all >/dev/null 2>&1
strake system stop-all | sort
echo ---
strake ps --quiet`)
    expect(down.split('\n')).toEqual(['always', 'failed', 'wanted', '---'])
    const up = await boot('strake system start-all 2>/dev/null | sort')
    // A container that ended by itself with code 0 has done what on-failure asks for.
    expect(up.split('\n')).toEqual(['always', 'wanted'])
  })

  test('100 containers are found ended after a power failure, and start again', async () => {
    await boot(`
strake rm -f $(strake ps -aq) >/dev/null
seq 1 100 | xargs -P 4 -I{} ${program} run -d --name many-{} --restart always --network none busybox sleep 1000 >/dev/null
test $(strake ps -q | wc -l) = 100`)
    const after = await boot(`
strake ps -a --format '{{.State}}' | sort | uniq -c
strake system start-all 2>/dev/null | wc -l
strake ps --format '{{.State}}' | sort | uniq -c
strake rm -f $(strake ps -aq) >/dev/null`)
    expect(after.split('\n').map((line) => line.trim())).toEqual([
      '100 exited',
      '100',
      '100 running',
    ])
  }, 120_000)
})
