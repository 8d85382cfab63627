import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { appendFile, cp, readdir, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, openStrake, program, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: build: ${reason}`)

const site = {
  Dockerfile: [
    'ARG GREETING=hello',
    'FROM busybox AS pages',
    'ARG GREETING',
    'WORKDIR /site',
    'COPY pages pages',
    'RUN for page in pages/*; do tr a-z A-Z < $page > $(basename $page); done; rm -r pages',
    'FROM busybox AS unused',
    'RUN false',
    'FROM busybox',
    'ENV MODE=production',
    'COPY --from=pages --chown=user:staff --chmod=u=rwX,g=rX,o= /site /srv/www',
    'COPY <<EOF /etc/motd',
    'mode is $MODE',
    'EOF',
    'LABEL title="a site"',
    'EXPOSE 8080',
    'USER user',
    'HEALTHCHECK --interval=5s CMD true',
    'CMD ["cat", "/etc/motd"]',
  ].join('\n'),
  '.dockerignore': '*.log\n',
  'pages/index.txt': 'index\n',
  'pages/about.txt': 'about\n',
  'noise.log': 'ignored\n',
}

describe.skipIf(reason !== undefined)('build', () => {
  let strake: Strake
  let context: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    context = await writeContext(join(strake.directory, 'site'), site)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const imageId = (name: string): Promise<string> => strake.ok('images', '-q', '--no-trunc', name)

  test('build makes an image of several stages, and skips the stages that it does not need', async () => {
    const outcome = await strake('build', '-t', 'site', '--progress', 'plain', context)
    expect(outcome).toMatchObject({ exitCode: 0 })
    expect(outcome.stderr).not.toContain('RUN false')
    const shown = await strake.ok('run', '--rm', '--network', 'none', 'site')
    expect(shown).toBe('mode is production')
  })

  test('build keeps owners, modes and contents of COPY', async () => {
    const script = 'stat -c "%U:%G %a %n" /srv/www/index.txt; cat /srv/www/index.txt'
    const shown = await strake.ok('run', '--rm', '--network', 'none', 'site', 'sh', '-c', script)
    expect(shown).toBe('user:staff 640 /srv/www/index.txt\nINDEX')
  })

  test('build keeps HEALTHCHECK and labels in the config', async () => {
    const [{ Config }] = JSON.parse(await strake.ok('inspect', 'site'))
    expect(Config).toMatchObject({
      Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 5_000_000_000 },
      Labels: { title: 'a site' },
      ExposedPorts: { '8080/tcp': {} },
      User: 'user',
    })
  })

  test('build again uses the cache for every step and makes the same image', async () => {
    const before = await imageId('site')
    const outcome = await strake('build', '-t', 'site', '--progress', 'plain', context)
    expect(outcome.stderr).toMatch(/CACHED/)
    expect(outcome.stderr).not.toMatch(/RUN for page[^\n]*\n#\d+ \d/)
    expect(await imageId('site')).toBe(before)
  })

  test('build ignores modification times and ignored files', async () => {
    await utimes(join(context, 'pages/index.txt'), new Date(), new Date())
    await appendFile(join(context, 'noise.log'), 'more\n')
    const outcome = await strake('build', '-t', 'site', '--progress', 'plain', context)
    expect(outcome.stderr).toMatch(
      /#(\d+) \[pages 4\/4\] RUN[^\n]*\n(#(?!\1 )[^\n]*\n|\n)*#\1 CACHED/,
    )
  })

  test('build makes the same digest in another store and directory', async () => {
    await using second = await openStrake()
    const archive = join(strake.directory, 'base.tar')
    await strake.ok('save', '-o', archive, 'busybox')
    await second.ok('load', '-i', archive)
    const copy = join(second.directory, 'elsewhere')
    await cp(context, copy, { recursive: true, preserveTimestamps: true })
    const id = await second.ok('build', '-q', '--build-arg', 'SOURCE_DATE_EPOCH=1700000000', copy)
    expect(
      await strake.ok('build', '-q', '--build-arg', 'SOURCE_DATE_EPOCH=1700000000', context),
    ).toBe(id)
  })

  test('build --target builds one stage and --build-arg changes an ARG', async () => {
    const text =
      'FROM busybox AS one\nARG WORD=none\nRUN echo $WORD > /word\nFROM one AS two\nRUN false\n'
    const directory = await writeContext(join(strake.directory, 'target'), { Dockerfile: text })
    await strake.ok(
      'build',
      '-q',
      '-t',
      'one',
      '--target',
      'ONE',
      '--build-arg',
      'WORD=given',
      directory,
    )
    expect(await strake.ok('run', '--rm', '--network', 'none', 'one', 'cat', '/word')).toBe('given')
  })

  test('build reads a Dockerfile from standard input', async () => {
    const input = 'FROM busybox\nRUN echo piped > /piped\n'
    const outcome = await strake.with({ input }, 'build', '-q', '-t', 'piped', '-')
    expect(outcome).toMatchObject({ exitCode: 0 })
    expect(await strake.ok('run', '--rm', '--network', 'none', 'piped', 'cat', '/piped')).toBe(
      'piped',
    )
  })

  test('build reads an archive on standard input as its context', async () => {
    const directory = await writeContext(join(strake.directory, 'packed'), {
      Dockerfile: 'FROM busybox\nCOPY word /word\n',
      Other: 'FROM busybox\nCOPY word /other\n',
      word: 'packed',
    })
    const input = Bun.spawnSync(['tar', 'czf', '-', '-C', directory, '.']).stdout
    const cat = ['run', '--rm', '--network', 'none', 'packed', 'cat']
    await strake.with({ input }, 'build', '-q', '-t', 'packed', '-')
    expect(await strake.ok(...cat, '/word')).toBe('packed')
    await strake.with({ input }, 'build', '-q', '-t', 'packed', '-f', 'Other', '-')
    expect(await strake.ok(...cat, '/other')).toBe('packed')
  })

  test('build removes the files that RUN removed and keeps its links', async () => {
    const text = [
      'FROM busybox',
      'RUN mkdir /d && echo x > /d/a && ln /d/a /d/b && ln -s a /d/c',
      'RUN rm /d/a && rm /etc/group',
    ].join('\n')
    const directory = await writeContext(join(strake.directory, 'whiteout'), { Dockerfile: text })
    await strake.ok('build', '-q', '-t', 'whiteout', directory)
    const script = 'ls /d; cat /d/b; test -e /etc/group || echo gone'
    const shown = await strake.ok(
      'run',
      '--rm',
      '--network',
      'none',
      'whiteout',
      'sh',
      '-c',
      script,
    )
    expect(shown).toBe('b\nc\nx\ngone')
  })

  test('build --iidfile and --progress rawjson write output for programs', async () => {
    const file = join(strake.directory, 'iid')
    const outcome = await strake('build', '--iidfile', file, '--progress', 'rawjson', context)
    const events = outcome.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(events.some(({ vertexes }) => vertexes?.[0].cached === true)).toBe(true)
    expect(await Bun.file(file).text()).toBe(await imageId('site'))
  })

  test('build passes secrets and caches to RUN, and writes its metadata', async () => {
    const secret = await writeContext(join(strake.directory, 'secret'), { s: 'hunter2' })
    const input = [
      'FROM busybox',
      'RUN --mount=type=secret,id=s test "$(cat /run/secrets/s)" = hunter2',
      'RUN --mount=type=secret,id=v,env=V test "$V" = value',
      'RUN --mount=type=cache,target=/c echo x >> /c/f && wc -l < /c/f > /count',
    ].join('\n')
    const file = join(strake.directory, 'metadata')
    const given = ['--secret', `id=s,src=${secret}/s`, '--secret', 'id=v,env=VALUE']
    const docker = ['--rm', '--force-rm', '--provenance=false', '--sbom=false', '--builder', 'x']
    const build = ['build', '-q', '-t', 'mounts', '-t', 'again', '--no-cache', ...given, ...docker]
    const options = { input, env: { VALUE: 'value' } }
    for (const count of ['1', '2']) {
      const outcome = await strake.with(options, ...build, '--metadata-file', file, '-')
      expect(outcome).toMatchObject({ exitCode: 0 })
      const cat = ['run', '--rm', '--network', 'none', 'again', 'cat', '/count']
      expect(await strake.ok(...cat)).toBe(count)
    }
    expect(JSON.parse(await Bun.file(file).text())).toMatchObject({
      'containerimage.config.digest': await imageId('mounts'),
      'image.name': 'docker.io/library/mounts:latest,docker.io/library/again:latest',
    })
    const usage = await strake.ok('builder', 'du', '--format', 'json')
    expect(usage).toMatch(/"ID":"[0-9a-f]{12}"/)
    expect(await strake.ok('builder', 'prune', '-f')).toMatch(/^[0-9a-f]{32}$/m)
  })

  test('build --output writes files, archives and nothing else', async () => {
    const files = join(strake.directory, 'files')
    const target = ['--target', 'pages', '-q']
    expect(await strake.ok('build', ...target, '-o', files, context)).toBe('')
    expect((await readdir(join(files, 'site'))).toSorted()).toEqual(['about.txt', 'index.txt'])
    const archive = join(strake.directory, 'site.tar')
    const outputs = ['-o', `type=oci,dest=${archive},name=e2e-oci`, '-o', 'type=cacheonly']
    await strake.ok('build', ...target, ...outputs, context)
    expect(await imageId('e2e-oci')).toBe('')
    expect(await strake.ok('load', '-i', archive)).toContain('e2e-oci:latest')
    const wrong = await strake('build', '-o', 'type=dokcer,dest=x', context)
    expect(wrong).toMatchObject({ exitCode: 1 })
    expect(wrong.stderr).toContain('there is no type dokcer (did you mean docker?)')
  })

  test('build -o - writes a tar archive of the files to standard output', async () => {
    const command = `${program} build --target pages -o - ${context} 2>/dev/null | tar -t`
    const { stdout } = Bun.spawnSync(['sh', '-c', command], {
      env: { ...process.env, ...strake.env },
    })
    expect(stdout.toString().split('\n')).toContain('site/index.txt')
  })

  test('build --platform with several platforms makes one name for all of them', async () => {
    const dockerfile = [
      'FROM --platform=$BUILDPLATFORM busybox AS build',
      'ARG TARGETARCH',
      'RUN echo for $TARGETARCH > /own',
      'FROM scratch',
      'COPY --from=build /own /own',
    ].join('\n')
    const cross = await writeContext(join(strake.directory, 'cross'), { Dockerfile: dockerfile })
    await strake.ok('build', '-t', 'cross', '--platform', 'linux/amd64,linux/arm64', cross)
    const [document] = JSON.parse(await strake.ok('inspect', 'cross'))
    expect(document.Id).toBe(await imageId('cross'))
    const platforms = document.Manifests.map(
      (each: { Descriptor: { platform: { architecture: string } } }) =>
        each.Descriptor.platform.architecture,
    )
    expect(platforms).toEqual(['amd64', 'arm64'])
    expect(await strake.ok('rmi', 'cross')).toContain(document.Id)
    expect(await strake.ok('images', '-q', 'cross')).toBe('')
  })
})
