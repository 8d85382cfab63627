import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBusyboxRoot } from './busybox.ts'
import { command, missing, type Outcome, program } from './strake.ts'

const user = 65534
const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/**
 * Runs a script as a user who has IDs in `/etc/subuid` of a machine of its own. There the program is in
 * a directory that the user may enter. `prepare` runs before it as root.
 */
function asUser(directory: string, script: string, prepare = 'true'): Promise<Outcome> {
  const home = `${directory}/home`
  const ids = `${directory}/subuid`
  const begin = [
    prepare,
    `mount --bind ${ids} /etc/subuid && mount --bind ${ids} /etc/subgid`,
    `mount --bind ${program} ${directory}/strake`,
    `exec setpriv --reuid=${user} --regid=${user} --clear-groups sh -euc "$1"`,
  ].join(' && ')
  const whole = `cd ${home}; strake() { ${directory}/strake "$@"; }; ${script}`
  return command(['unshare', '--mount', 'sh', '-ec', begin, 'sh', whole], { env: { HOME: home } })
}

/** A user with a context of a build in its home directory. */
async function makeUser(ranges: string): Promise<string> {
  const directory = mkdtempSync(join(base, 'strake-rootless-'))
  chmodSync(directory, 0o755)
  writeFileSync(`${directory}/subuid`, ranges)
  writeFileSync(`${directory}/strake`, '')
  const home = `${directory}/home`
  mkdirSync(`${home}/context/root`, { recursive: true })
  await writeBusyboxRoot(`${home}/context/root`)
  writeFileSync(
    `${home}/context/Dockerfile`,
    `FROM scratch AS base
COPY root /
RUN mkdir /old && touch /old/a /gone && echo owned >/owned && chown 33:34 /owned
FROM base
COPY --chown=5:6 Dockerfile /copied
RUN rm /gone && rm -r /old && mkdir /old && touch /old/b
CMD ["sh"]
`,
  )
  chownSync(home, user, user)
  return directory
}

function holderOf(directory: string): number {
  const note = `${directory}/home/.local/share/strake/run/namespace.json`
  return JSON.parse(readFileSync(note, 'utf8')).process.pid
}

async function findReason(): Promise<string | undefined> {
  const absent = missing('busybox', 'setpriv', 'newuidmap', 'newgidmap', 'nsenter', 'unshare')
  if (absent !== undefined) return absent
  const as = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups']
  const { exitCode } = await command([...as, 'unshare', '--user', 'true'])
  return exitCode === 0 ? undefined : 'needs user namespaces of users'
}

const reason = await findReason()
if (reason) console.info(`skipped: rootless: ${reason}`)

describe.skipIf(reason !== undefined)('a user without root', () => {
  let directory: string
  const sh = (script: string): Promise<Outcome> => asUser(directory, script)
  const ok = async (script: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await sh(script)
    if (exitCode !== 0) throw new Error(`${script}: ${stderr}${stdout}`)
    return stdout.trim()
  }
  const run = 'strake run --rm --network none'
  /** Serves the API, shows what the server prints, and ends it. */
  const serve = `../strake system serve >served 2>&1 &
    until [ -s served ]; do sleep 0.1; done; kill $!; wait $! || true; cat served`
  beforeAll(async () => {
    // The name counts, although the environment of the user does not have it.
    directory = await makeUser('nobody:300000:65536\n')
    await ok('strake build -q --network host -t app context')
  })
  afterAll(async () => {
    const reset = await sh('strake system reset --force')
    rmSync(directory, { recursive: true, force: true })
    expect(reset).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test('builds with RUN and COPY above layers, and sees the owners', async () => {
    const listed = await ok(
      `${run} app sh -c 'stat -c "%n %u:%g" /owned /copied /old; ls /old; ls /'`,
    )
    expect(listed).toStartWith('/owned 33:34\n/copied 5:6\n/old 0:0\nb\n')
    expect(listed).not.toContain('gone')
    const place = `${directory}/home/.local/share/strake`
    const seen = await command(['find', place, '-name', 'owned', '-printf', '%U:%G\n'])
    expect([...new Set(seen.stdout.trim().split('\n'))]).toEqual(['300032:300033'])
  })

  test('has containers: run, exec, logs, top, cp, stop, start and rm', async () => {
    const script = `
      strake run -d --name box --network none app sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done' >started
      until strake logs box | grep ready; do sleep 0.1; done
      strake exec box id -u
      strake cp box:/owned copy; stat -c %u:%g copy
      strake cp copy box:/back; strake exec box cat /back
      strake top box -o pid,args | grep -c trap
      strake commit box made >made; strake run --rm --network none made cat /back
      strake stop box >stopped; strake ps -a --format '{{.Status}}' | cut -d' ' -f1,2
      strake start box >started; strake ps --format '{{.Names}}'; strake rm -f box`
    const lines = (await ok(script)).split('\n')
    expect(lines).toEqual([
      'ready',
      '0',
      `${user}:${user}`,
      'owned',
      '1',
      'owned',
      'Exited (3)',
      'box',
      'box',
    ])
  })

  test('has volumes, standard input, the network of the machine and the directory of the caller', async () => {
    expect(await ok(`${run} -v v:/v app sh -c 'echo kept >/v/a; chown 7:8 /v/a'`)).toBe('')
    expect(await ok(`${run} -v v:/v app stat -c %u:%g /v/a; strake volume rm v`)).toBe('7:8\nv')
    expect(await ok(`echo typed | ${run} -i app cat`)).toBe('typed')
    expect(
      await ok(`mkdir sub; cd sub; echo here >"a b"; ${run} -v "$PWD:/c" app cat "/c/a b"`),
    ).toBe('here')
    expect(await ok('strake run --rm --network host app sh -c "! touch /sys/x 2>/dev/null"')).toBe(
      '',
    )
    expect(await ok('strake run --rm --network host app ls /sys/fs/cgroup')).toBe('')
    expect(await sh(`${run} app sh -c 'exit 9'`)).toMatchObject({ exitCode: 9, stderr: '' })
  })

  test('learns in one sentence what needs root', async () => {
    const network = await sh('strake run --rm app true')
    expect(network.exitCode).toBe(125)
    expect(network.stderr).toContain('only root may make networks on this machine\n')
    expect(network.stderr).toContain('try: use --network host or --network none\n')
    await ok('strake run -d --name still --network none app sleep 1000')
    const paused = await sh('strake pause still')
    await ok('strake rm -f still')
    expect(paused.stderr).toBe(
      'strake: Cannot pause container still: this process may not make control groups\n',
    )
    const limit = await sh(`${run} -m 64m app true`)
    expect(limit.exitCode).toBe(125)
    expect(limit.stderr).toStartWith('strake: Cannot limit memory of a container: ')
    expect(await ok('strake info')).toContain('root of a user namespace: rootless')
    expect(await ok(`strake info --format '{{json .SecurityOptions}}'`)).toContain('name=rootless')
    expect((await sh('strake doctor')).stdout).toContain(
      'user: root of a user namespace: rootless\n',
    )
    expect(await sh('strake system cleanup')).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test("serves Docker's API on a socket of its own", async () => {
    expect(await ok(serve)).toMatch(/^Serving Docker's API on unix:.*\/docker\.sock$/)
  })

  test('keeps its namespaces when the process that holds them is killed', async () => {
    await ok('strake run -d --name kept --network none app sleep 1000')
    const before = holderOf(directory)
    const kill = `kill -9 ${before}; while [ -e /proc/${before}/ns/user ] && readlink /proc/${before}/ns/user; do sleep 0.1; done`
    await ok(kill)
    // The monitor of the container is still in them.
    expect(await ok('strake exec kept echo alive')).toBe('alive')
    const after = holderOf(directory)
    expect(after).not.toBe(before)
    await ok('strake rm -f kept')
    // Nothing is in them any more, so that they are made again.
    await ok(kill.replaceAll(String(before), String(after)))
    expect(await ok(`${run} app echo again`)).toBe('again')
    expect(holderOf(directory)).not.toBe(after)
  })

  test.skipIf(Bun.which('crun') === null)('uses crun where control groups are v2', async () => {
    const other = await makeUser(`${user}:300000:65536\n`)
    const unified = 'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup'
    try {
      const script = `strake info --format '{{.DefaultRuntime}} {{.CgroupDriver}}'
        strake build -q --network host -t app context >built
        strake run --rm --network host app sh -c 'id -u; ls /sys/fs/cgroup; cat /owned'
        strake run -d --name box --network none app sleep 1000 >started
        strake exec box echo inside; strake rm -f box; strake system reset --force`
      const lines = ['crun none', '0', 'owned', 'inside', 'box', '']
      expect(await asUser(other, script, unified)).toMatchObject({
        stdout: lines.join('\n'),
        stderr: '',
        exitCode: 0,
      })
    } finally {
      await asUser(other, 'strake system reset --force')
      rmSync(other, { recursive: true, force: true })
    }
  })

  test('without IDs of its own works as before, and learns what is missing', async () => {
    const poor = await makeUser('root:300000:65536\n')
    try {
      const built = await asUser(
        poor,
        'printf "FROM scratch\\nCOPY root /\\n" | strake build -q -t app -f - context',
      )
      expect(built).toMatchObject({ exitCode: 0, stderr: '' })
      const refused = await asUser(poor, 'strake run --network none app true')
      expect(refused.exitCode).toBe(125)
      expect(refused.stderr).toContain(
        'strake must run as root, because /etc/subuid has no IDs for user ',
      )
      const served = await asUser(poor, serve)
      expect(served.stdout).toStartWith("Serving Docker's API on unix://")
      const doctor = await asUser(poor, 'strake doctor')
      expect(doctor.stdout).toContain('user: not root, and /etc/subuid has no IDs for user ')
      expect(await asUser(poor, 'strake system reset --force')).toMatchObject({ exitCode: 0 })
    } finally {
      rmSync(poor, { recursive: true, force: true })
    }
  })
})
