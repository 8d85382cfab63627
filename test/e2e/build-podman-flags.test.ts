import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, type Outcome, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: flags of Podman: ${reason}`)

describe.skipIf(reason !== undefined)('build with the flags of Podman', () => {
  let strake: Strake
  let context = ''
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const dockerfile = 'FROM busybox\nARG A=0\nARG B=0\nENV E=1 F=2\nLABEL l=$A m=$B\nCOPY . /c/\n'
    context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: dockerfile,
      f: 'x',
    })
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const build = (...args: readonly string[]): Promise<Outcome> =>
    strake('build', '-t', 'made', ...args, context)
  const config = async (format: string): Promise<unknown> =>
    JSON.parse(await strake.ok('inspect', '-f', format, 'made'))

  test('--build-arg-file has arguments, and --build-arg wins', async () => {
    const file = join(strake.directory, 'arguments')
    await writeFile(file, '# values\nA=file\nB=file\n')
    await build('--build-arg-file', file, '--build-arg', 'B=own')
    expect(await config('{{json .Config.Labels}}')).toEqual({ l: 'file', m: 'own' })
  })

  test('--ignorefile replaces the ignore file of the context', async () => {
    const file = join(strake.directory, 'ignored')
    await writeFile(file, 'f\n')
    const output = join(strake.directory, 'output')
    expect((await build('--ignorefile', file, '-o', output)).exitCode).toBe(0)
    expect((await strake.ok('image', 'ls', '-q')).length).toBeGreaterThan(0)
    expect(await Bun.file(join(output, 'c/Dockerfile')).exists()).toBe(true)
    expect(await Bun.file(join(output, 'c/f')).exists()).toBe(false)
    expect((await build('--ignorefile', `${file}.none`)).stderr).toContain('there is no such file')
  })

  test('--env, --unsetenv and --unsetlabel change the configuration', async () => {
    await build('--env', 'F=own', '--env', 'G=3', '--unsetenv', 'E', '--unsetlabel', 'm')
    const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    expect(await config('{{json .Config.Env}}')).toEqual([path, 'F=own', 'G=3'])
    expect(await config('{{json .Config.Labels}}')).toEqual({ l: '0' })
  })

  test('--pull=never asks no registry, and --pull=missing is the default', async () => {
    expect((await build('--pull=never')).exitCode).toBe(0)
    expect((await build('--pull=missing')).exitCode).toBe(0)
    const absent = { input: 'FROM absent.example.test/x\n' }
    const refused = await strake.with(absent, 'build', '--pull=never', '-')
    expect(refused.stderr).toContain('Cannot use absent.example.test/x as a base')
    expect(refused.stderr).toContain('it is not in the store')
  })

  test('--arch and --variant are parts of the platform', async () => {
    const file = join(strake.directory, 'scratch')
    await writeFile(file, 'FROM scratch\nCOPY f /\n')
    const variant = ['--arch', 'arm', '--variant', 'v6']
    expect((await build('-f', file, ...variant)).exitCode).toBe(0)
    expect(await config('{{json .Architecture}}')).toBe('arm')
    expect(await config('{{json .Variant}}')).toBe('v6')
    expect((await build('--os', 'linux', '--platform', 'linux/amd64')).stderr).toContain(
      '--platform and --os, --arch or --variant exclude each other',
    )
    const named = ['--build-context', 'busybox=container-image://scratch']
    expect((await build(...named)).exitCode).toBe(0)
  })

  test('--format docker writes the types of Docker, and --manifest an index', async () => {
    await build('--format', 'docker')
    const layout = join(strake.directory, 'docker.tar')
    await strake.ok('build', '-q', '--format', 'docker', '-o', `type=oci,dest=${layout}`, context)
    const listed = Bun.spawn(['tar', '-xOf', layout, 'index.json'], { stdout: 'pipe' })
    expect(await new Response(listed.stdout).text()).toContain('docker.distribution.manifest.v2')
    await strake.ok('build', '-q', '--manifest', 'listed', context)
    expect(await strake.ok('image', 'ls', '--format', '{{.Repository}}')).toContain('listed')
  })

  test('other flags have no effect, or are refused with a remedy', async () => {
    const accepted = [
      '--layers',
      '--rewrite-timestamp',
      '--retry',
      '3',
      '--jobs',
      '2',
      '--force-rm',
      '--isolation=chroot',
      '--layers=false',
      '--squash=false',
      '--tls-verify=true',
      '--ipc=private',
      '--network=pasta',
      '--skip-unused-stages',
      '--identity-label=false',
      '--layer-label',
      'a=b',
    ]
    expect((await build(...accepted, '--source-date-epoch', '5')).exitCode).toBe(0)
    expect(await config('{{json .Created}}')).toBe('1970-01-01T00:00:05Z')
    for (const [flag, remedy] of [
      [['--squash'], 'end with FROM scratch and COPY --from=STAGE / /'],
      [['--volume', '/tmp:/x'], 'name them with --build-context'],
      [['--cap-add', 'NET_ADMIN'], '--allow security.insecure'],
      [['--dns', '192.0.2.1'], '--add-host'],
      [['--creds', 'a:b'], 'use strake login'],
      [['--jobs', 'x'], 'expected a number'],
      [['--tls-verify=false'], 'certificates of registries are always verified'],
      [['--pid', 'host'], 'RUN has namespaces of its own'],
      [['--save-stages'], '--target and --tag'],
      [['--sbom-output', 'f'], '--sbom=true'],
      [['--cw', 'type=SNP'], 'convert the image with buildah'],
      [['--policy', 'filename=p.rego'], '--source-policy-file'],
    ] as const) {
      const { exitCode, stderr } = await build(...flag)
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(remedy)])
    }
  })
})
