import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, type Outcome, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: build options: ${reason}`)

describe.skipIf(reason !== undefined)('build with options', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  const build = async (dockerfile: string, ...args: readonly string[]): Promise<Outcome> => {
    const context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: dockerfile,
    })
    return strake('build', '--progress', 'plain', ...args, context)
  }

  test('RUN sees hosts, limits, shared memory and control group of the options', async () => {
    const look = 'cat /etc/hosts; ulimit -n; df /dev/shm; cat /proc/self/cgroup'
    const options = ['--add-host', 'db:10.1.2.3', '--add-host', 'me=host-gateway']
    const limits = ['--ulimit', 'nofile=321', '--shm-size', '3m', '--cgroup-parent', 'strake-e2e']
    const { exitCode, stderr } = await build(`FROM busybox\nRUN ${look}\n`, ...options, ...limits)
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
    expect(stderr).toMatch(/10\.1\.2\.3\s+db/)
    expect(stderr).toMatch(/\d+\.\d+\.\d+\.\d+\s+me/)
    expect(stderr).toMatch(/ 321\n/)
    expect(stderr).toMatch(/ 3072 /)
    expect(stderr).toContain(':/strake-e2e/build-')
  })

  test('RUN runs again with other hosts, and not with other resources', async () => {
    const dockerfile = 'FROM busybox\nRUN echo once\n'
    await build(dockerfile)
    expect((await build(dockerfile, '--resource', 'memory=64m')).stderr).toContain('CACHED')
    expect((await build(dockerfile, '--add-host', 'a:1.1.1.1')).stderr).not.toContain('CACHED')
  })

  test('RUN has the rights of the host only with the permission of the user', async () => {
    const dockerfile =
      'FROM busybox\nRUN --security=insecure mount -t tmpfs t /tmp\nRUN ! mount -t tmpfs t /tmp\n'
    const refused = await build(dockerfile)
    expect(refused).toMatchObject({ exitCode: 1 })
    expect(refused.stderr).toContain('build with --allow security.insecure')
    expect(await build(dockerfile, '--allow', 'security.insecure')).toMatchObject({ exitCode: 0 })
    const host = 'FROM busybox\nRUN --network=host true\n'
    expect(await build(host)).toMatchObject({ exitCode: 1 })
    expect(await build(host, '--allow', 'network.host')).toMatchObject({ exitCode: 0 })
  })

  test('--no-cache-filter runs the steps of one stage again', async () => {
    const dockerfile = 'FROM busybox AS one\nRUN echo 1\nFROM one AS two\nRUN echo 2\n'
    await build(dockerfile)
    const { stderr } = await build(dockerfile, '--no-cache-filter', 'two')
    expect(stderr).toMatch(/RUN echo 1\n#\d+ CACHED/)
    expect(stderr).not.toMatch(/RUN echo 2\n#\d+ CACHED/)
    const typed = await build(dockerfile, '--no-cache-filter', 'twoo')
    expect(typed.stderr).toContain('(did you mean two?)')
  })

  test('--annotation writes to the manifest, and nothing else has a place for it', async () => {
    const dockerfile = 'FROM busybox\n'
    expect(await build(dockerfile, '-t', 'noted', '--annotation', 'a.b=c')).toMatchObject({
      exitCode: 0,
    })
    const saved = join(strake.directory, 'noted.tar')
    await strake.ok('save', '-o', saved, 'noted')
    expect(await Bun.file(saved).text()).toContain('"annotations":{"a.b":"c"}')
    const refused = await build(dockerfile, '--annotation', 'index:a=b')
    expect(refused.stderr).toContain('an image of one platform has no index')
  })

  test('--source-policy-file decides about images, URLs and the context', async () => {
    const file = join(strake.directory, 'policy.json')
    const rule = (action: string, identifier: string, updates?: object) => ({
      action,
      selector: { identifier },
      updates,
    })
    const decide = async (dockerfile: string, ...rules: readonly object[]): Promise<Outcome> => {
      await Bun.write(file, JSON.stringify({ version: 1, rules }))
      return build(dockerfile, '--source-policy-file', file)
    }
    const denied = await decide('FROM busybox\n', rule('DENY', 'docker-image://*'))
    expect(denied).toMatchObject({ exitCode: 1 })
    expect(denied.stderr).toContain(
      'Cannot use docker-image://docker.io/library/busybox:latest: the source policy denies it',
    )
    expect(denied.stderr).toContain('>>> FROM busybox')
    const pinned = rule('CONVERT', 'docker-image://docker.io/library/none:1', {
      identifier: 'docker-image://docker.io/library/busybox:latest',
    })
    expect(await decide('FROM none:1\n', pinned)).toMatchObject({ exitCode: 0 })
    const url = await decide(
      'FROM busybox\nADD http://127.0.0.1:1/x /x\n',
      rule('DENY', 'http://*'),
    )
    expect(url.stderr).toContain('Cannot use http://127.0.0.1:1/x: the source policy denies it')
    expect(url.stderr).toContain('>>> ADD http://127.0.0.1:1/x /x')
    const local = await decide('FROM busybox\n', rule('DENY', 'local://*'))
    expect(local.stderr).toContain('Cannot use local://context')
    await Bun.write(file, '{')
    const broken = await build('FROM busybox\n', '--source-policy-file', file)
    expect(broken.stderr).toContain('Cannot read the source policy: it is not JSON')
  })

  test('flags of scripts are accepted, and mistyped ones get a suggestion', async () => {
    const accepted = ['--rm', '--force-rm', '--compress', '--builder', 'x', '--load']
    const none = ['--provenance=false', '--sbom=false', '--attest', 'type=sbom,disabled=true']
    const classic = ['--isolation', 'default', '-m', '1g', '--cpu-shares', '10']
    expect(await build('FROM busybox\n', ...accepted, ...none, ...classic)).toMatchObject({
      exitCode: 0,
    })
    for (const [flag, close] of [
      ['--add-hosts=a:1.1.1.1', '--add-host'],
      ['--no-cache-filtr=x', '--no-cache-filter'],
      ['--build-contxt=x=y', '--build-context'],
    ] as const) {
      const { exitCode, stderr } = await build('FROM busybox\n', flag)
      expect([flag, exitCode]).toEqual([flag, 125])
      expect(stderr).toContain(`did you mean '${close}'`)
    }
  })
})
