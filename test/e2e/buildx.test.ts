import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildServer, clientsMissing, openBuildServer } from './buildkit-client.ts'
import { writeContext } from './busybox.ts'
import { end, serveDockerRegistry, until } from './servers.ts'
import { command, type Outcome } from './strake.ts'

const reason = clientsMissing('docker', 'docker-buildx')
if (reason) console.info(`skipped: builds by buildx: ${reason}`)

describe.skipIf(reason !== undefined)('docker buildx build', () => {
  let server: BuildServer
  let count = 0
  beforeAll(async () => {
    server = await openBuildServer()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  /** Writes a context of its own, and builds it. */
  const build = async (
    files: Readonly<Record<string, string>>,
    ...args: readonly string[]
  ): Promise<Outcome> => {
    const context = await writeContext(join(server.strake.directory, `context-${count++}`), files)
    return await server.buildx(['build', '--progress', 'plain', ...args, context])
  }
  const place = (name: string): string => join(server.strake.directory, name)

  test('an image is stored under its names, with the progress of Docker', async () => {
    const { exitCode, stderr } = await build(
      { Dockerfile: 'FROM busybox\nCOPY a /a\nRUN cat /a\n', a: 'text of a', b: 'not copied' },
      '-t',
      'one:1',
      '-t',
      'one:2',
    )
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('RUN cat /a')])
    for (const line of [
      '[internal] load build definition from Dockerfile',
      '[internal] load .dockerignore',
      '[internal] load metadata for busybox',
      '[2/3] COPY a /a',
      'text of a',
      'exporting to image',
    ]) {
      expect(stderr).toContain(line)
    }
    // Only the file that a step copies has travelled.
    expect(stderr).toMatch(/transferring context: 1\dB/)
    expect(await server.strake.ok('run', '--rm', 'one:2', 'cat', '/a')).toBe('text of a')
    const again = await server.buildx(['build', '-q', place('context-0')])
    expect(again.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/)
  })

  test('--metadata-file and --iidfile tell what docker images shows', async () => {
    const files = [place('metadata.json'), place('iid')] as const
    const args = ['--metadata-file', files[0], '--iidfile', files[1], '-t', 'described']
    expect((await build({ Dockerfile: 'FROM busybox\nENV A=b\n' }, ...args)).exitCode).toBe(0)
    const metadata = JSON.parse(readFileSync(files[0], 'utf8')) as Record<string, unknown>
    const id = readFileSync(files[1], 'utf8')
    expect(metadata).toMatchObject({
      'containerimage.digest': id,
      'image.name': 'docker.io/library/described:latest',
    })
    expect(metadata).toHaveProperty(['buildx.build.provenance', 'buildType'])
    const listed = await server.run(['docker', 'images', '-q', '--no-trunc', 'described'])
    expect(listed.stdout.trim()).toBe(id)
  })

  test('the ignore file decides what travels, one beside the Dockerfile first', async () => {
    const files = { a: 'a', b: 'b', '.dockerignore': 'a\n', Dockerfile: 'FROM scratch\nCOPY . /\n' }
    await build(files, '-o', `type=local,dest=${place('ignored')}`)
    expect(readdirSync(place('ignored')).toSorted()).toEqual(['.dockerignore', 'Dockerfile', 'b'])
    const own = { ...files, 'Dockerfile.dockerignore': '*\n!a\n' }
    await build(own, '-o', `type=local,dest=${place('own')}`)
    expect(readdirSync(place('own'))).toEqual(['a'])
  })

  test('a failing command shows its output, its line, and its exit code', async () => {
    const dockerfile = 'FROM busybox\nRUN echo from the step; exit 7\n'
    const { exitCode, stderr } = await build({ Dockerfile: dockerfile })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('from the step')
    expect(stderr).toContain('   2 | >>> RUN echo from the step; exit 7')
    expect(stderr).toContain(
      'process "/bin/sh -c echo from the step; exit 7" did not complete successfully: exit code: 7',
    )
  })

  test('a mistake in the Dockerfile is shown in its line', async () => {
    const { exitCode, stderr } = await build({ Dockerfile: 'FROM busybox\nCOPYY a b\n' })
    expect(exitCode).toBe(1)
    expect(stderr).toContain('   2 | >>> COPYY a b')
    expect(stderr).toContain('unknown instruction: COPYY (did you mean COPY?)')
    expect((await build({ Dockerfile: 'FROM busybox\nCOPY absent /\n' })).stderr).toContain(
      'Cannot copy absent: it is not in the build context',
    )
  })

  test('warnings are listed, and --check and --call describe the Dockerfile', async () => {
    const files = { Dockerfile: 'FROM busybox as One\nARG GIVEN=1\nRUN echo $GIVEN\n' }
    const built = await build(files)
    expect(built.stderr).toContain('2 warnings found')
    const checked = await build(files, '--check')
    expect(checked.exitCode).toBe(1)
    expect(checked.stdout).toContain("Stage name 'One' should be lowercase")
    const outline = await build(files, '--call', 'outline')
    expect(outline.stdout).toMatch(/GIVEN\s+1/)
    const targets = await build(files, '--call', 'targets,format=json')
    expect(JSON.parse(targets.stdout)).toMatchObject({ targets: [{ name: 'one', default: true }] })
    expect((await build({ Dockerfile: 'FROM busybox\n' }, '--check')).exitCode).toBe(0)
  })

  test('a build that is interrupted ends at once, with its steps', async () => {
    const context = await writeContext(place('endless'), {
      Dockerfile: 'FROM busybox\nRUN echo begun; sleep 4321\n',
    })
    const child = Bun.spawn(
      [
        join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', 'docker-buildx'),
        ...['build', '--progress', 'plain', context],
      ],
      {
        env: { ...process.env, ...server.strake.env, DOCKER_HOST: `unix://${server.socket}` },
        stderr: 'pipe',
      },
    )
    const decoder = new TextDecoder()
    for await (const chunk of child.stderr) {
      if (/\d begun/.test(decoder.decode(chunk, { stream: true }))) break
    }
    const begin = performance.now()
    child.kill('SIGINT')
    expect(await child.exited).not.toBe(0)
    expect(performance.now() - begin).toBeLessThan(2000)
    await Bun.sleep(500)
    expect((await command(['pgrep', '-f', 'sleep 4321'])).stdout).toBe('')
  })

  test('outputs are sent to the client', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY --chmod=640 a dir/\n', a: 'content' }
    expect((await build(files, '-o', place('tree'))).exitCode).toBe(0)
    expect(readFileSync(join(place('tree'), 'dir/a'), 'utf8')).toBe('content')
    await build(files, '-o', `type=tar,dest=${place('files.tar')}`)
    const listed = await command(['tar', '-tf', place('files.tar')])
    expect(listed.stdout.split('\n')).toContain('dir/a')
    for (const type of ['oci', 'docker']) {
      const file = place(`${type}.tar`)
      const args = ['-o', `type=${type},dest=${file},name=from-${type}:1`]
      expect((await build(files, ...args)).exitCode).toBe(0)
      await server.strake.ok('load', '-i', file)
      expect(await server.strake.ok('images', '-q', `from-${type}:1`)).not.toBe('')
    }
    // One path of the client and one of the server never mix.
    expect(existsSync('client')).toBe(false)
  })

  test.skipIf(Bun.which('ssh-agent') === null)(
    'an SSH agent of the client reaches its step',
    async () => {
      const socket = place('agent')
      const agent = Bun.spawn(['ssh-agent', '-D', '-a', socket], { stdout: 'ignore' })
      try {
        await until(async () => existsSync(socket))
        const mount = 'RUN --mount=type=ssh,required test -S "$SSH_AUTH_SOCK"\n'
        const files = {
          Dockerfile: `FROM busybox\n${mount}RUN test ! -e /run/buildkit/ssh_agent.0\n`,
        }
        const { exitCode, stderr } = await build(files, '--no-cache', '--ssh', `default=${socket}`)
        expect([exitCode, stderr]).toEqual([0, expect.any(String)])
        expect((await build(files, '--no-cache')).stderr).toContain('the SSH agent default was not')
      } finally {
        await end(agent)
      }
    },
  )

  test('secrets of the client reach their steps only', async () => {
    const file = place('secret')
    await Bun.write(file, 'value of a file')
    const dockerfile = [
      'FROM busybox',
      'RUN --mount=type=secret,id=one --mount=type=secret,id=two,env=TWO \\',
      '  test "$(cat /run/secrets/one)/$TWO" = "value of a file/value of a variable"',
      'RUN --mount=type=secret,id=absent test ! -e /run/secrets/absent',
      'RUN test ! -e /run/secrets/one',
    ].join('\n')
    const context = await writeContext(place('secrets'), { Dockerfile: dockerfile })
    const args = ['--secret', `id=one,src=${file}`, '--secret', 'id=two,env=SECRET_TWO']
    const outcome = await server.buildx(['build', '--progress', 'plain', ...args, context], {
      env: { SECRET_TWO: 'value of a variable' },
    })
    expect([outcome.exitCode, outcome.stderr]).toEqual([0, expect.any(String)])
    const required = 'FROM busybox\nRUN --mount=type=secret,id=absent,required true\n'
    expect((await build({ Dockerfile: required })).stderr).toContain('the secret absent was not')
  })

  test.skipIf(Bun.which('docker-registry') === null)(
    'the client gives its credentials for a push and for a base image, and keeps its caches',
    async () => {
      const { directory } = server.strake
      const htpasswd = place('htpasswd')
      await Bun.write(htpasswd, `me:${await Bun.password.hash('word', 'bcrypt')}\n`)
      await using registry = await serveDockerRegistry(directory, htpasswd)
      const name = `${registry.host}/team/app:1`
      const files = { Dockerfile: 'FROM busybox\nRUN echo cached > /file\n' }
      const refused = await build(files, '--push', '-t', name)
      expect([refused.exitCode, refused.stderr]).toEqual([
        1,
        expect.stringContaining('authentication required'),
      ])
      await Bun.write(
        place('docker/config.json'),
        JSON.stringify({ auths: { [registry.host]: { auth: btoa('me:word') } } }),
      )
      const cache = `type=registry,ref=${registry.host}/team/cache`
      const pushed = await build(files, '--push', '-t', name, '--cache-to', `${cache},mode=max`)
      expect([pushed.exitCode, pushed.stderr]).toEqual([0, expect.any(String)])
      await server.buildx(['prune', '-f'])
      const again = await build(files, '--cache-from', cache)
      expect(again.stderr).toMatch(/RUN echo cached > \/file\n#\d+ CACHED/)
      await server.strake.ok('rmi', name)
      const base = await build({ Dockerfile: `FROM ${name}\nRUN cat /file\n` }, '--no-cache')
      expect(base.stderr).toMatch(/\d cached\n/)
      // The server has not used the credentials of its own user.
      await Bun.write(place('docker/config.json'), '{}')
      await server.strake.ok('rmi', name)
      expect((await build({ Dockerfile: `FROM ${name}\n` }, '--pull')).exitCode).toBe(1)
    },
  )

  test('named contexts are directories of the client, images and repositories', async () => {
    const other = await writeContext(place('other'), {
      n: 'named',
      '.dockerignore': 'hidden',
      hidden: 'x',
    })
    const dockerfile = 'FROM base\nCOPY --from=files . /files\nRUN ls -A /files && cat /files/n\n'
    const { exitCode, stderr } = await build(
      { Dockerfile: dockerfile },
      '--no-cache',
      ...['--build-context', `files=${other}`, '--build-context', 'base=docker-image://busybox'],
    )
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('named')])
    expect(stderr).not.toMatch(/\d hidden/)
    expect(stderr).toContain('[context files] load from client')
  })

  test('standard input is a Dockerfile, or the whole context', async () => {
    const fromText = await server.buildx(['build', '-q', '-'], {
      input: 'FROM busybox\nENV FROM=text\n',
    })
    expect([fromText.exitCode, fromText.stderr]).toEqual([0, ''])
    const context = await writeContext(place('packed'), {
      Dockerfile: 'FROM scratch\nCOPY a /\n',
      a: 'a',
    })
    await command(['tar', '-C', context, '-cf', place('packed.tar'), '.'])
    const input = new Uint8Array(await Bun.file(place('packed.tar')).arrayBuffer())
    expect((await server.buildx(['build', '-q', '-'], { input })).exitCode).toBe(0)
    const both = await server.buildx(['build', '-q', '-f', '-', context], {
      input: 'FROM scratch\nCOPY a /b\n',
    })
    expect(both.exitCode).toBe(0)
  })

  test('options reach the steps', async () => {
    const dockerfile = [
      'FROM busybox AS one',
      'ARG GIVEN',
      'RUN echo $GIVEN; cat /etc/hosts; ulimit -n',
      'FROM busybox AS other',
      'RUN exit 1',
    ].join('\n')
    const { exitCode, stderr } = await build(
      { Dockerfile: dockerfile },
      ...['--target', 'one', '--build-arg', 'GIVEN=given', '--ulimit', 'nofile=321'],
      ...[
        '--add-host',
        'name:10.1.2.3',
        '--add-host',
        'gate:host-gateway',
        '--no-cache-filter',
        'one',
      ],
      ...['--network', 'none', '--label', 'a=b', '--annotation', 'c=d', '-t', 'options'],
    )
    expect([exitCode, stderr]).toEqual([0, expect.any(String)])
    for (const text of [/ given\n/, /10\.1\.2\.3\tname/, /127\.0\.0\.1\tgate/, / 321\n/]) {
      expect(stderr).toMatch(text)
    }
    const labels = await server.strake.ok('inspect', '-f', '{{.Config.Labels.a}}', 'options')
    expect(labels).toBe('b')
  })

  test('several platforms make an index, with attestations where they are asked for', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY a /\n', a: 'a' }
    const args = ['--platform', 'linux/amd64,linux/arm64', '--sbom=true', '--provenance=mode=max']
    const archive = place('platforms.tar')
    expect((await build(files, ...args, '-o', `type=oci,dest=${archive}`)).exitCode).toBe(0)
    const read = async (path: string) =>
      JSON.parse((await command(['tar', '-xOf', archive, path])).stdout) as {
        readonly manifests: readonly {
          readonly digest: string
          readonly platform?: { architecture: string }
        }[]
      }
    const [root] = (await read('index.json')).manifests
    const { manifests } = await read(`blobs/sha256/${root?.digest.slice('sha256:'.length)}`)
    expect(manifests.map(({ platform }) => platform?.architecture)).toEqual([
      'amd64',
      'arm64',
      'unknown',
      'unknown',
    ])
  })

  test('repositories and archives of other machines are contexts', async () => {
    const context = await writeContext(place('remote'), {
      Dockerfile: 'FROM scratch\nCOPY a /\n',
      a: 'a',
    })
    await command(['tar', '-C', context, '-czf', place('remote.tgz'), '.'])
    const archive = await Bun.file(place('remote.tgz')).arrayBuffer()
    using web = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: ({ url }) =>
        new URL(url).pathname === '/context.tgz'
          ? new Response(archive)
          : new Response('FROM scratch\nENV A=b\n'),
    })
    for (const name of ['context.tgz', 'Dockerfile']) {
      const outcome = await server.buildx(['build', '-q', `http://127.0.0.1:${web.port}/${name}`])
      expect([name, outcome.exitCode, outcome.stderr]).toEqual([name, 0, ''])
    }
  })

  test('the source policy of the client decides about images', async () => {
    const selector = { identifier: 'docker-image://docker.io/library/*' }
    const policy = place('policy.json')
    const files = { Dockerfile: 'FROM busybox\n' }
    const env = { EXPERIMENTAL_BUILDKIT_SOURCE_POLICY: policy }
    const built = async (action: number) => {
      writeFileSync(policy, JSON.stringify({ version: 1, rules: [{ action, selector }] }))
      const context = await writeContext(place('policed'), files)
      return await server.buildx(['build', '-q', context], { env })
    }
    expect((await built(0)).exitCode).toBe(0)
    const denied = await built(1)
    expect(denied.exitCode).toBe(1)
    expect(denied.stderr).toContain('the source policy denies it')
  })

  test('what is not supported is refused by its name', async () => {
    const files = { Dockerfile: 'FROM busybox\n' }
    const frontend = { Dockerfile: '# syntax=example.com/other:1\nFROM busybox\n' }
    expect((await build(frontend)).stderr).toContain('example.com/other:1')
    const syntax = await build(files, '--build-arg', 'BUILDKIT_SYNTAX=example.com/other')
    expect(syntax.stderr).toContain('the frontend "example.com/other" is not built in')
  })

  test('du, prune and history show builds and their cache', async () => {
    await build({ Dockerfile: 'FROM busybox\nRUN echo the one in history\n' })
    const listed = await server.buildx(['history', 'ls', '--format', '{{.Ref}} {{.Status}}'])
    const [ref = ''] = listed.stdout.split(' ')
    expect(listed.stdout).toContain(`${ref} Completed`)
    expect((await server.buildx(['history', 'logs', ref])).stderr).toContain('the one in history')
    expect((await server.buildx(['history', 'inspect', ref])).stdout).toMatch(/Status|Build Steps/)
    expect((await server.buildx(['history', 'rm', ref])).exitCode).toBe(0)
    expect((await server.buildx(['history', 'ls'])).stdout).not.toContain(ref.split('/').at(-1))
    expect((await server.buildx(['du'])).stdout).toMatch(/Total:\s+[1-9]/)
    expect((await server.buildx(['prune', '-f'])).stdout).toMatch(/Total:\s+[1-9]/)
    expect((await server.buildx(['du'])).stdout).toMatch(/Total:\s+0B/)
    expect((await server.buildx(['inspect'])).stdout).toContain('Status:           running')
  })
})
