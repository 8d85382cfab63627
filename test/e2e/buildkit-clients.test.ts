import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildServer, clientsMissing, openBuildServer } from './buildkit-client.ts'
import { writeContext } from './busybox.ts'
import { type CommandOptions, command } from './strake.ts'

const reason = clientsMissing('docker', 'docker-buildx', 'docker-compose', 'buildctl')
if (reason) console.info(`skipped: bake, Compose and buildctl: ${reason}`)

const linked = {
  'first/Dockerfile': 'FROM busybox\nRUN echo of the first > /file\nENV NAME=value\n',
  'second/Dockerfile': 'FROM base\nRUN echo "$NAME $(cat /file)"\n',
}

describe.skipIf(reason !== undefined)('bake, Compose and buildctl', () => {
  let server: BuildServer
  beforeAll(async () => {
    server = await openBuildServer()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())
  const place = (name: string): string => join(server.strake.directory, name)

  test('bake builds targets that use others, and leaves no image without a name', async () => {
    const cwd = await writeContext(place('bake'), {
      ...linked,
      'docker-bake.json': JSON.stringify({
        group: { default: { targets: ['second'] } },
        target: {
          first: { context: 'first' },
          second: { context: 'second', contexts: { base: 'target:first' }, tags: ['baked'] },
        },
      }),
    })
    const { exitCode, stderr } = await server.buildx(['bake', '--progress', 'plain'], { cwd })
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('value of the first')])
    expect(await server.strake.ok('images', '-q', '--filter', 'dangling=true')).toBe('')
    expect(await server.strake.ok('run', '--rm', 'baked', 'cat', '/file')).toBe('of the first')
  })

  test('Compose builds services that use each other', async () => {
    const compose = {
      services: {
        first: { build: 'first', image: 'composed-first' },
        second: {
          build: { context: 'second', additional_contexts: { base: 'service:first' } },
          image: 'composed-second',
        },
      },
    }
    const cwd = await writeContext(place('compose'), {
      ...linked,
      'compose.json': JSON.stringify(compose),
    })
    const built = await server.run(
      ['docker', 'compose', '-f', 'compose.json', '--progress', 'plain', 'build'],
      { cwd },
    )
    expect([built.exitCode, built.stderr]).toEqual([0, expect.any(String)])
    const argv = ['run', '--rm', 'composed-second', 'sh', '-c', 'echo $NAME']
    expect(await server.strake.ok(...argv)).toBe('value')
  })

  test('buildctl builds over HTTP/2 on the socket, with a session inside the connection', async () => {
    const context = await writeContext(place('ctl'), {
      Dockerfile: 'FROM scratch\nCOPY a /\n',
      a: 'content',
    })
    const buildctl = (...args: readonly string[]) =>
      server.run(['buildctl', '--addr', `unix://${server.socket}`, ...args])
    const inputs = ['--local', `context=${context}`, '--local', `dockerfile=${context}`]
    const out = place('ctl-out')
    const built = await buildctl(
      ...['build', '--frontend', 'dockerfile.v0', ...inputs, '--output', `type=local,dest=${out}`],
    )
    expect([built.exitCode, built.stderr]).toEqual([0, expect.any(String)])
    expect(readFileSync(join(out, 'a'), 'utf8')).toBe('content')
    expect((await buildctl('debug', 'info')).stdout).toContain('strake')
    expect((await buildctl('debug', 'workers')).stdout).toContain('linux/')
    expect((await buildctl('du')).stdout).toContain('Total:')
    expect((await buildctl('prune')).stdout).toContain('Total:')
    const other = await buildctl('build', '--frontend', 'other.v0', ...inputs)
    expect(other.exitCode).toBe(1)
    expect(other.stderr).toContain('Cannot solve the frontend "other.v0"')
  })

  test('a definition in LLB is refused by its name', async () => {
    // One operation: the source docker-image://docker.io/library/busybox:latest.
    const identifier = 'docker-image://docker.io/library/busybox:latest'
    const source = Buffer.concat([Buffer.from([10, identifier.length]), Buffer.from(identifier)])
    const op = Buffer.concat([Buffer.from([26, source.length]), source])
    const definition = Buffer.concat([Buffer.from([10, op.length]), op])
    const argv = ['buildctl', '--addr', `unix://${server.socket}`, 'build']
    const outcome = await server.run(argv, { input: definition })
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toContain('it is a definition in LLB, and only Dockerfiles are built')
  })
})

const old =
  clientsMissing() ?? (existsSync('/usr/bin/docker') ? undefined : 'needs /usr/bin/docker')
if (old) console.info(`skipped: BuildKit of older Docker CLIs: ${old}`)

/** Docker's CLI before version 23 has a client of BuildKit in itself. */
describe.skipIf(old !== undefined)('POST /build with a session', () => {
  let server: BuildServer
  beforeAll(async () => {
    server = await openBuildServer()
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  const build = (args: readonly string[], options: CommandOptions = {}) =>
    command(['/usr/bin/docker', 'build', ...args], {
      ...options,
      env: {
        HOME: server.strake.directory,
        DOCKER_HOST: `unix://${server.socket}`,
        DOCKER_BUILDKIT: '1',
      },
    })

  test('contexts, secrets and outputs travel on the session', async () => {
    const { directory } = server.strake
    const context = await writeContext(join(directory, 'old'), {
      Dockerfile: 'FROM busybox\nCOPY a /\nRUN --mount=type=secret,id=s cat /run/secrets/s > /s\n',
      a: 'a',
    })
    await Bun.write(join(directory, 'secret'), 'of the client')
    const out = join(directory, 'old-out')
    const secret = ['--secret', `id=s,src=${join(directory, 'secret')}`]
    const built = await build([...secret, '-o', out, context])
    expect([built.exitCode, built.stderr]).toEqual([0, expect.any(String)])
    expect(readFileSync(join(out, 's'), 'utf8')).toBe('of the client')
    expect((await build(['-q', ...secret, context])).stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/)
  })

  test('standard input is an archive, and a failure has its sentence', async () => {
    const { directory } = server.strake
    const files = { Dockerfile: 'FROM busybox\nRUN exit 9\n' }
    const context = await writeContext(join(directory, 'old-fails'), files)
    const failed = await build([context])
    expect(failed.exitCode).toBe(1)
    expect(failed.stderr).toContain('did not complete successfully: exit code: 9')
    const packed = join(directory, 'old.tar')
    await writeContext(join(directory, 'old-packed'), { Dockerfile: 'FROM busybox\n' })
    await command(['tar', '-C', join(directory, 'old-packed'), '-cf', packed, '.'])
    const input = new Uint8Array(await Bun.file(packed).arrayBuffer())
    expect((await build(['-q', '-'], { input })).stdout).toMatch(/^sha256:/)
  })
})
