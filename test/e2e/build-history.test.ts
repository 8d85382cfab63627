import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: history of builds: ${reason}`)

describe.skipIf(reason !== undefined)('the history of builds', () => {
  let strake: Strake
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const context = await writeContext(join(strake.directory, 'app'), {
      Dockerfile: 'FROM busybox\nARG A\nRUN echo from the step\n',
      Failing: 'FROM busybox\nRUN echo before && false\n',
    })
    await strake.ok('build', '-t', 'kept', '--build-arg', 'A=1', context)
    await strake('build', '-f', join(context, 'Failing'), context)
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  const history = async (...args: readonly string[]): Promise<string> =>
    await strake.ok('buildx', 'history', ...args)

  test('is listed, shown and printed', async () => {
    const rows = await history('ls', '--format', '{{.Name}} {{.Status}}')
    expect(rows.split('\n')).toEqual(['app/Failing Error', 'app Completed'])
    const [line = ''] = (await history('ls', '--format', 'json')).split('\n')
    expect(JSON.parse(line)).toMatchObject({ name: 'app/Failing', completed_steps: 1 })
    const shown = await history('inspect', '^1')
    expect(shown).toMatch(/^Build Steps: 2\/2 \(0% cached\)$/m)
    expect(shown).toMatch(/pkg:docker\/busybox@latest\?platform=\S+ +sha256:[0-9a-f]{64}/)
    const document = JSON.parse(await history('inspect', '^1', '--format', 'json'))
    expect(document).toMatchObject({ BuildArgs: [{ Name: 'A', Value: '1' }], Status: 'completed' })
    const printed = await strake('buildx', 'history', 'logs', '^1')
    expect(printed.stderr).toMatch(/^#\d+ \d+\.\d{3} from the step$/m)
    const failed = await strake('buildx', 'history', 'logs')
    expect(failed.stderr).toContain('before')
    expect(failed.stderr).toContain('ERROR: ')
  })

  test('has the documents of the result, and only builds of a repository with --local', async () => {
    const context = await writeContext(join(strake.directory, 'repository'), {
      Dockerfile: 'FROM busybox\nRUN echo attested\n',
      '.git/HEAD': 'ref: refs/heads/main\n',
      '.git/config': '[remote "origin"]\n\turl = https://example.org/app.git\n',
    })
    await strake.ok('build', '-t', 'attested', '--provenance=true', context)
    const attachment = (...args: readonly string[]) =>
      history('inspect', 'attachment', '^0', ...args)
    const statement = JSON.parse(await attachment('--type', 'provenance'))
    expect(statement.predicateType).toBe('https://slsa.dev/provenance/v1')
    expect(statement.predicate.runDetails.metadata.buildkit_metadata.vcs).toEqual({
      'localdir:context': '.',
      'localdir:dockerfile': '.',
      source: 'https://example.org/app.git',
    })
    const index = JSON.parse(await attachment('--type', 'index'))
    const [image] = index.manifests
    expect(JSON.parse(await attachment(image.digest)).config.size).toBeGreaterThan(0)
    expect(JSON.parse(await attachment('--type', 'image')).rootfs.type).toBe('layers')
    const none = await strake('buildx', 'history', 'inspect', 'attachment', '--type', 'sbom')
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('has none')])
    expect((await strake('buildx', 'history', 'inspect', 'attachment')).stderr).toContain(
      'give --type, --platform or a digest',
    )
    const local = ['buildx', 'history', 'ls', '--local', '--format', '{{.Name}}']
    const inside = await strake.with({ cwd: context }, ...local)
    expect(inside.stdout).toBe('repository\n')
    const outside = await strake.with({ cwd: strake.directory }, ...local)
    expect(outside.stderr).toContain('this directory is in no repository of git')
    const [id = ''] = (await history('ls', '--format', '{{.Ref}}')).split('\n')
    await history('rm', id)
  })

  test('is exported into a bundle of buildx, and imported elsewhere', async () => {
    const bundle = join(strake.directory, 'all.dockerbuild')
    await history('export', '--all', '-o', bundle)
    const layout = join(strake.directory, 'layout')
    await command(['sh', '-c', 'mkdir "$1" && tar -xzf "$0" -C "$1"', bundle, layout])
    const json = async (path: string) => await Bun.file(join(layout, path)).json()
    const blob = ({ digest }: { digest: string }) => json(`blobs/${digest.replace(':', '/')}`)
    const index = await blob((await json('index.json')).manifests[0])
    expect(index.manifests).toHaveLength(2)
    const manifest = await blob(index.manifests[1])
    expect(manifest.config.mediaType).toBe('application/vnd.buildkit.historyrecord.v0')
    const record = await blob(manifest.config)
    expect(record).toMatchObject({
      Frontend: 'dockerfile.v0',
      FrontendAttrs: { 'build-arg:A': '1' },
      numTotalSteps: 2,
      localState: { LocalPath: join(strake.directory, 'app') },
    })
    expect(record.CreatedAt.seconds).toBeGreaterThan(1e9)
    expect(manifest.layers).toContainEqual({
      mediaType: record.trace.media_type,
      digest: record.trace.digest,
      size: record.trace.size,
    })
    await using other = await openStrake()
    const ids = await history('ls', '--format', '{{.Ref}}')
    const imported = await other.ok('buildx', 'history', 'import', '-f', bundle)
    expect(imported).toBe(ids)
    const inspect = ['buildx', 'history', 'inspect', '^1', '--format', 'json']
    expect(await other.ok(...inspect)).toBe(await strake.ok(...inspect))
    const logs = await other('buildx', 'history', 'logs', '^1')
    expect(logs.stderr).toContain('from the step')
    const damaged = await other.with({ input: 'no archive' }, 'buildx', 'history', 'import')
    expect(damaged.exitCode).toBe(1)
  })

  test('is found as files, and shown as a trace', async () => {
    const [file = '', log = ''] = (await history('open', '^1')).split('\n')
    expect(await Bun.file(file).json()).toMatchObject({ name: 'app' })
    expect(await Bun.file(log).text()).toContain('from the step')
    const { data } = JSON.parse(await history('trace', '^1', '--compare', '^0'))
    expect(data).toHaveLength(2)
    const [build, ...steps] = data[0].spans
    expect(build).toMatchObject({ operationName: 'build app', references: [] })
    expect(steps.map((span: { operationName: string }) => span.operationName)).toContainEqual(
      expect.stringContaining('RUN echo from the step'),
    )
    for (const span of steps) {
      expect(span.references).toMatchObject([{ refType: 'CHILD_OF', spanID: build.spanID }])
      expect(span.startTime).toBeGreaterThanOrEqual(build.startTime)
    }
    const { resourceSpans } = JSON.parse(await history('trace', '--format', 'otlp'))
    const [failed] = resourceSpans[0].scopeSpans[0].spans
    expect(failed).toMatchObject({ name: 'build app/Failing', status: { code: 2 } })
    expect(BigInt(failed.endTimeUnixNano)).toBeGreaterThan(BigInt(failed.startTimeUnixNano))
  })

  test('is removed', async () => {
    await history('rm', '--all')
    expect(await history('ls', '--format', '{{.Ref}}')).toBe('')
    expect((await strake('buildx', 'history', 'logs')).stderr).toContain('no build is recorded')
  })
})
