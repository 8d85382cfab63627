import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mountsBelow } from '#platform'
import { importBusybox, writeContext } from './busybox.ts'
import { serveStrakeRegistry } from './servers.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'bash', 'setpriv')
if (reason) console.info(`skipped: cli: ${reason}`)

describe.skipIf(reason !== undefined)('command line', () => {
  let strake: Strake
  const run = ['run', '--rm', '--network', 'none']

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  /** A shell script with `strake` as a command, as users write them. */
  const shell = (script: string, env: Readonly<Record<string, string>> = {}): ReturnType<Strake> =>
    command(['bash', '-c', `strake() { ${program} "$@"; }; ${script}`], {
      env: { ...strake.env, ...env },
      cwd: strake.directory,
    })

  test('long forms of Docker mean the same', async () => {
    expect(await strake.ok('image', 'ls', '-q')).toBe(await strake.ok('images', '-q'))
    expect(await strake.ok('container', 'ls', '-aq')).toBe(await strake.ok('ps', '-aq'))
    expect(await strake.ok('container', ...run, 'busybox', 'echo', 'hi')).toBe('hi')
  })

  test('--snapshotter and STRAKE_SNAPSHOTTER select snapshots, and containers leave no mounts with either', async () => {
    for (const kind of ['erofs', 'directory']) {
      expect(await strake.ok('--snapshotter', kind, 'info')).toContain(`${kind}: layers are`)
      expect(await strake.ok(`--snapshotter=${kind}`, ...run, 'busybox', 'echo', kind)).toBe(kind)
    }
    const env = { STRAKE_SNAPSHOTTER: 'btrfs' }
    expect(await strake.with({ env }, 'images')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining("Cannot use the snapshotter 'btrfs': expected erofs or"),
    })
    await using unpacked = await openStrake()
    const options = { env: { STRAKE_SNAPSHOTTER: 'directory' } }
    for (const args of [
      ['import', `${strake.directory}/rootfs-busybox.tar`, 'busybox'],
      [...run, 'busybox', 'true'],
      ['--snapshotter', 'directory', 'system', 'reset', '--force'],
    ]) {
      expect(await unpacked.with(options, ...args)).toMatchObject({ exitCode: 0 })
    }
    const mounted = mountsBelow(strake.directory).map(({ target }) => target)
    expect(mounted.filter((target) => target.includes('/container-'))).toEqual([])
  })

  test('switches accept =true and =false', async () => {
    await strake.ok('run', '--rm=false', '--init=true', '--net=none', '--name', 'kept', 'busybox')
    expect(await strake.ok('rm', 'kept')).toBe('kept')
  })

  test('-v accepts a relative directory; --env-file and -e accept the forms of Docker', async () => {
    await mkdir(join(strake.directory, 'data'), { recursive: true })
    await writeFile(join(strake.directory, 'data/file'), 'from here\n')
    await writeFile(join(strake.directory, 'env'), '# none\nA=one two\nFROM_HERE\n')
    const options = '--rm --network none -v ./data:/data --env-file env -e B='
    const script = `strake run ${options} busybox sh -c 'cat /data/file; echo "$A|$FROM_HERE|\${B-x}"'`
    const { stdout } = await shell(script, { FROM_HERE: 'yes' })
    expect(stdout).toBe('from here\none two|yes|\n')
  })

  test('--cidfile contains the ID, and an existing file is refused', async () => {
    const file = join(strake.directory, 'cid')
    await strake.ok(...run, '--cidfile', file, 'busybox', 'true')
    expect(await readFile(file, 'utf8')).toMatch(/^[0-9a-f]{64}$/)
    const outcome = await strake(...run, '--cidfile', file, 'busybox', 'true')
    expect(outcome).toMatchObject({ exitCode: 125, stdout: '' })
    expect(outcome.stderr).toContain('the file exists')
  })

  test('ps shows a paused container', async () => {
    await strake.ok('run', '-d', '--network', 'none', '--name', 'still', 'busybox', 'sleep', '60')
    expect(await strake.ok('pause', 'still')).toBe('still')
    expect(await strake.ok('ps', '--filter', 'status=paused')).toContain('(Paused)')
    await strake.ok('unpause', 'still')
    await strake.ok('rm', '-f', 'still')
  })

  test('logs -f ends with 130 at Ctrl-C and prints nothing', async () => {
    const forever = 'while :; do echo tick; sleep 0.1; done'
    await strake.ok(
      'run',
      '-d',
      '--network',
      'none',
      '--name',
      'ticks',
      'busybox',
      'sh',
      '-c',
      forever,
    )
    const script = `${program} logs -f ticks >out 2>err & sleep 0.7; kill -INT $!; wait $!; echo $?; cat err`
    // A background job of a script ignores the interrupt unless it has job control.
    expect((await shell(`set -m; ${script}`)).stdout).toBe('130\n')
    expect(await readFile(join(strake.directory, 'out'), 'utf8')).toContain('tick\n')
    await strake.ok('rm', '-f', 'ticks')
  })

  test('the program ends quietly when its reader ends', async () => {
    for (const words of ['save busybox', 'history busybox', 'images --help']) {
      const { stdout, stderr } = await shell(`strake ${words} | true; echo "\${PIPESTATUS[0]}"`)
      expect(stderr).toBe('')
      expect(['0\n', '141\n']).toContain(stdout)
    }
  })

  test('prune reads its answer from a pipe, and fails without an answer', async () => {
    await strake.ok('create', '--name', 'old', '--network', 'none', 'busybox')
    const refused = await strake('container', 'prune')
    expect(refused.exitCode).toBe(1)
    expect(refused.stderr).toContain('try: add --force')
    expect((await shell('echo n | strake container prune')).stdout).toBe('')
    const agreed = await shell('echo y | strake container prune --filter until=0s')
    expect(agreed.stdout).toStartWith('Deleted Containers:\n')
  })

  test('inspect prints what it finds and names absent things', async () => {
    const outcome = await strake('inspect', 'busybox', 'absent')
    expect(JSON.parse(outcome.stdout)).toHaveLength(1)
    expect(outcome.stderr).toContain('Cannot inspect absent')
    expect(outcome.exitCode).toBe(1)
  })

  test('rm -f of a missing container succeeds, rm without names fails', async () => {
    expect(await strake('rm', '-f', 'absent')).toMatchObject({ exitCode: 0, stdout: '' })
    expect(await strake('rm')).toMatchObject({ exitCode: 1 })
    expect(await strake('rm', '-f')).toMatchObject({ exitCode: 0 })
  })

  test('build reads the Dockerfile from standard input', async () => {
    const input = 'FROM busybox\nCMD ["echo", "built"]\n'
    const context = await writeContext(join(strake.directory, 'context'), { file: 'x' })
    for (const words of [['-'], ['-f', '-', context]]) {
      const { stdout, exitCode } = await strake.with({ input }, 'build', '-q', ...words)
      expect(exitCode).toBe(0)
      expect(await strake.ok(...run, stdout.trim())).toBe('built')
    }
  })

  test('a terminal shows the output of a failed step too', async () => {
    const Dockerfile = 'FROM busybox\nRUN echo the reason; exit 3\n'
    const context = await writeContext(join(strake.directory, 'failing'), { Dockerfile })
    const outcome = await strake('build', '--progress', 'tty', context)
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toMatch(/------\n > .*RUN.*\nthe reason\n------\n/)
  })

  test('bash completes names with colons, values after =, and the alias docker', async () => {
    await strake.ok('tag', 'busybox', 'localhost:5000/team/app:1.0')
    const complete = async (typed: string): Promise<string> => {
      const script = [
        'shopt -s expand_aliases; alias docker=strake',
        `PATH=${join(program, '..')}:$PATH; unset -f strake; source <(strake completion bash)`,
        `COMP_LINE='${typed}' COMP_POINT=${typed.length} COMP_WORDBREAKS=$' =:'`,
        `compopt() { :; }; _strake; printf '%s\n' "\${COMPREPLY[@]}"; complete -p docker`,
      ]
      return (await shell(script.join('\n'))).stdout
    }
    const forDocker = 'complete -o default -F _strake docker\n'
    expect(await complete('strake rmi localhost:5000/te')).toBe(`5000/team/app:1.0\n${forDocker}`)
    expect(await complete('docker run --network=h')).toBe(`host\n${forDocker}`)
    expect(await complete('strake run --network n')).toBe(`none\n${forDocker}`)
    await strake.ok('rmi', 'localhost:5000/team/app:1.0')
  })

  test('an unprivileged user pulls, tags, pushes, saves, loads, builds from scratch and serves', async () => {
    await using server = await serveStrakeRegistry(strake)
    await strake.ok('tag', 'busybox', `${server.host}/bb`)
    await strake.ok('push', `${server.host}/bb`)
    const home = join(strake.directory, 'nobody')
    await mkdir(home)
    await command(['chmod', '755', strake.directory])
    await command(['chown', '65534:65534', home])
    const as = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'bash', '-ec']
    if ((await command([...as, `test -x ${program}`])).exitCode !== 0) {
      console.info('skipped: others may not reach the program where it is')
      return
    }
    const script = [
      `cd ${home}; strake() { ${program} "$@"; }`,
      `strake pull -q ${server.host}/bb; strake tag ${server.host}/bb mine:1`,
      `strake tag mine:1 ${server.host}/mine; strake push -q ${server.host}/mine`,
      'strake save -o mine.tar mine:1; strake rmi mine:1; strake load -q -i mine.tar',
      'mkdir context; echo file >context/file; printf "FROM scratch\nCOPY file /" >context/Dockerfile',
      'strake build -q -t built:1 context; strake history built:1',
      'strake inspect mine:1 >inspected; strake history mine:1; strake ps -a; strake info; strake images',
      `${program} registry serve --port 0 >served & sleep 0.5; kill $!; wait $!; cat served`,
    ].join('\n')
    const outcome = await command([...as, script], { env: { HOME: home } })
    expect(outcome.stderr).not.toContain('strake:')
    expect(outcome.exitCode).toBe(0)
    expect(outcome.stdout).toContain('Loaded image: mine:1\n')
    expect(outcome.stdout).toMatch(/Serving \S+ on http:/)
    const refused = await command([...as, `${program} run mine:1`], { env: { HOME: home } })
    expect(refused.exitCode).toBe(125)
    expect(refused.stderr).toMatch(/root/)
    const created = await command([...as, `${program} create mine:1`], { env: { HOME: home } })
    expect(created.stderr).toStartWith('strake: Cannot create a container of mine:1: ')
    const reset = `${program} system reset --force; ls -A ${home}/.local/share`
    expect(await command([...as, reset], { env: { HOME: home } })).toMatchObject({
      exitCode: 0,
      stdout: '',
    })
  })

  test('a full output is reported in one sentence', async () => {
    for (const words of ['--version', 'version', 'images', '--help']) {
      const script = `exec ${program} ${words} >/dev/full`
      expect(await command(['sh', '-c', script], { env: strake.env })).toMatchObject({
        exitCode: 1,
        stderr: expect.stringMatching(/^strake: Cannot continue: no space left.*\n$/),
      })
    }
  })

  test('a failure keeps its exit code when standard error is full', async () => {
    for (const words of ['exec --nope', 'run --nope', 'run --help >/dev/full']) {
      const script = `exec ${program} ${words} 2>/dev/full`
      expect(await command(['sh', '-c', script], { env: strake.env })).toMatchObject({
        exitCode: 125,
      })
    }
  })
})
