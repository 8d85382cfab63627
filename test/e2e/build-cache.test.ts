import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { cp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { writeContext } from './busybox.ts'
import { type Machines, openMachines } from './machines.ts'
import { serveDockerRegistry, serveStrakeRegistry, type TestServer } from './servers.ts'
import { command, missing, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: caches of builds on other machines: ${reason}`)

const dockerfile = `FROM busybox AS build
WORKDIR /src
RUN head -c 3000000 /dev/urandom > /src/dep
COPY a.txt .
RUN cat a.txt > out && cat /dev/urandom | head -c 9 | sha256sum >> out
FROM busybox
WORKDIR /app
COPY --from=build /src/out /app/out
RUN cat /app/out > /app/copy
RUN true
`

/** A registry in front of `target` that remembers the requests. */
interface CountingRegistry extends AsyncDisposable {
  readonly host: string
  readonly requests: string[]
}

function countRequests(target: string): CountingRegistry {
  const requests: string[] = []
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname, search } = new URL(request.url)
      requests.push(`${request.method} ${pathname}`)
      const headers = new Headers(request.headers)
      const body = request.body === null ? {} : { body: await request.arrayBuffer() }
      const init = { method: request.method, headers, redirect: 'manual', ...body } as const
      const answer = await fetch(`http://${target}${pathname}${search}`, init)
      return new Response(answer.body, answer)
    },
  })
  return {
    host: `127.0.0.1:${server.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

describe.skipIf(reason !== undefined)('caches of builds', () => {
  let inputs: string
  let context: string
  let first: Strake
  let server: TestServer
  let machines: Machines
  const newMachine = (): Promise<Strake> => machines.add()
  const build = async (machine: Strake, ...args: readonly string[]) => {
    const outcome = await machine('build', '--progress', 'plain', '-t', 'app', ...args)
    expect({ ...outcome, stdout: '' }).toMatchObject({ exitCode: 0 })
    const steps = outcome.stderr.split('\n').filter((line) => line.endsWith(' CACHED'))
    const [, id = ''] = /writing image (\S+)/.exec(outcome.stderr + outcome.stdout) ?? []
    const text = outcome.stderr + outcome.stdout
    return { cached: steps.length, id, text, downloads: text.match(/^downloaded /gm)?.length ?? 0 }
  }
  beforeAll(async () => {
    machines = await openMachines()
    inputs = machines.directory
    context = await writeContext(join(inputs, 'context'), {
      Dockerfile: dockerfile,
      'a.txt': 'one',
    })
    first = await newMachine()
    server = await serveStrakeRegistry(first)
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await machines[Symbol.asyncDispose]()
  })

  test.each([
    ['max', 7],
    ['min', 3],
  ])(
    'build --cache-to type=local,mode=%s has %d layers, and another machine uses it',
    async (mode, layers) => {
      const place = join(inputs, `local-${mode}`)
      const made = await build(
        first,
        '--cache-to',
        `type=local,dest=${place},mode=${mode}`,
        context,
      )
      // The configuration, the manifest, and for BuildKit the layer of the base are blobs too.
      expect(await readdir(join(place, 'blobs/sha256'))).toHaveLength(layers + 3)
      const other = await newMachine()
      const used = await build(other, '--cache-from', `type=local,src=${place}`, context)
      expect(used).toMatchObject({ id: made.id, cached: 8, downloads: 3 })
    },
  )

  test('a build runs the steps that changed, with and without the layers of their stage', async () => {
    const changed = await writeContext(join(inputs, 'changed'), {
      Dockerfile: dockerfile,
      'a.txt': 'two',
    })
    for (const [mode, cached] of [
      ['max', 3],
      ['min', 1],
    ] as const) {
      const other = await newMachine()
      const from = `type=local,src=${join(inputs, `local-${mode}`)}`
      const { text } = await build(other, '--cache-from', from, changed)
      const again = text.match(/^#\d+ CACHED$/gm)?.length ?? 0
      expect({ mode, again: again >= cached }).toEqual({ mode, again: true })
      expect(text).not.toContain('ERROR')
      const { text: repeated } = await build(other, changed)
      expect(repeated.match(/^#\d+ CACHED$/gm)).toHaveLength(8)
    }
  })

  test('a build continues without a cache that is damaged or absent', async () => {
    const damaged = join(inputs, 'damaged')
    await cp(join(inputs, 'local-max'), damaged, { recursive: true })
    const blobs = join(damaged, 'blobs/sha256')
    for (const name of await readdir(blobs)) {
      const file = join(blobs, name)
      const isDocument = (await readFile(file)).subarray(0, 1).toString() === '{'
      if (!isDocument) await truncate(file, (await stat(file)).size - 1)
    }
    const one = await build(
      await newMachine(),
      '--cache-from',
      `type=local,src=${damaged}`,
      context,
    )
    expect(one.text).toContain('The build continues without a cache that could not be used')
    const index = JSON.parse(await readFile(join(damaged, 'index.json'), 'utf8'))
    await rm(join(blobs, index.manifests[0].digest.slice('sha256:'.length)))
    const missingManifest = await build(
      await newMachine(),
      '--cache-from',
      `type=local,src=${damaged}`,
      '--cache-from',
      `type=local,src=${join(inputs, 'nowhere')}`,
      context,
    )
    expect(missingManifest.text).toContain(`The cache ${damaged} is not used`)
    expect(missingManifest.text).toContain('nowhere is not used: there is none')
  })

  test('a cache of a layer with other contents than its diff ID is not used', async () => {
    const place = join(inputs, 'hostile')
    await cp(join(inputs, 'local-max'), place, { recursive: true })
    const tar = await command(['tar', '-C', context, '-czf', join(inputs, 'evil.tgz'), '.'])
    expect(tar.exitCode).toBe(0)
    const evil = await readFile(join(inputs, 'evil.tgz'))
    const blobs = join(place, 'blobs/sha256')
    const write = async (bytes: Uint8Array) => {
      const hex = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
      await Bun.write(join(blobs, hex), bytes)
      return { digest: `sha256:${hex}`, size: bytes.length }
    }
    const read = async (digest: string) =>
      JSON.parse(await readFile(join(blobs, digest.slice('sha256:'.length)), 'utf8'))
    const index = JSON.parse(await readFile(join(place, 'index.json'), 'utf8'))
    const manifest = await read(index.manifests[0].digest)
    const config = await read(manifest.config.digest)
    const layer = await write(evil)
    for (const each of config.layers) each.blob = layer.digest
    manifest.layers = [{ ...manifest.layers[0], ...layer }]
    Object.assign(manifest.config, await write(Buffer.from(JSON.stringify(config))))
    Object.assign(index.manifests[0], await write(Buffer.from(JSON.stringify(manifest))))
    await Bun.write(join(place, 'index.json'), JSON.stringify(index))
    const machine = await newMachine()
    const { text } = await build(machine, '--cache-from', `type=local,src=${place}`, context)
    expect(text).toContain('The build continues without a cache that could not be used')
    expect(await machine.ok('run', '--rm', 'app', 'ls', '/app')).toBe('copy\nout')
  })

  test('build --cache-to with reset=true removes blobs that no tag refers to', async () => {
    const place = join(inputs, 'local-reset')
    const blobs = join(place, 'blobs/sha256')
    await build(first, '--cache-to', `type=local,dest=${place},mode=max`, context)
    await build(first, '--cache-to', `type=local,dest=${place},tag=small`, context)
    const before = await readdir(blobs)
    await build(first, '--cache-to', `type=local,dest=${place},reset=true`, context)
    const after = await readdir(blobs)
    expect(before.length - after.length).toBe(6)
    const from = `type=local,src=${place},tag=small`
    expect(await build(await newMachine(), '--cache-from', from, context)).toMatchObject({
      cached: 8,
    })
  })

  test('a build fetches from a registry only what its result needs', async () => {
    await using registry = countRequests(server.host)
    const ref = `${registry.host}/app/cache:1`
    const made = await build(first, '--cache-to', `type=registry,ref=${ref},mode=max`, context)
    const other = await newMachine()
    registry.requests.length = 0
    const used = await build(other, '--cache-from', ref, context)
    expect(used).toMatchObject({ id: made.id, cached: 8 })
    const blobs = registry.requests.filter((each) => each.startsWith('GET /v2/app/cache/blobs/'))
    // The configuration of the cache, and the three layers of the last stage.
    expect(blobs).toHaveLength(4)
    expect(registry.requests.filter((each) => each.includes('/manifests/'))).toHaveLength(2)
    registry.requests.length = 0
    const inCache = ['--cache-from', ref, '--output', 'type=cacheonly']
    await build(await newMachine(), ...inCache, context)
    expect(registry.requests.filter((each) => each.includes('/blobs/'))).toHaveLength(1)
  })

  test('a build pulls no layer of a base image whose stage is in the cache', async () => {
    await using registry = countRequests(server.host)
    const name = `${registry.host}/tools:1`
    await first.ok(
      'build',
      '-t',
      name,
      '--push',
      await writeContext(join(inputs, 'tools'), {
        Dockerfile: 'FROM busybox\nRUN echo tool > /tool\n',
      }),
    )
    const ref = `${registry.host}/app/deferred:1`
    const project = await writeContext(join(inputs, 'deferred'), {
      Dockerfile: `FROM ${name} AS build\nRUN cat /tool > /out\nFROM busybox\nCOPY --from=build /out /\n`,
    })
    const made = await build(first, '--cache-to', ref, project)
    const other = await newMachine()
    registry.requests.length = 0
    const used = await build(other, '--cache-from', ref, project)
    expect(used).toMatchObject({ id: made.id, cached: 2 })
    const ofTools = registry.requests.filter((each) => each.includes('/v2/tools/blobs/'))
    // The configuration of the image.
    expect(ofTools).toHaveLength(1)
    const changed = await writeContext(join(inputs, 'deferred'), {
      Dockerfile: `FROM ${name} AS build\nRUN cat /tool > /out && echo 2 >> /out\nFROM busybox\nCOPY --from=build /out /\n`,
    })
    await build(other, '--cache-from', ref, changed)
    expect(await other.ok('run', '--rm', 'app', 'cat', '/out')).toBe('tool\n2')
  })

  test('build --push --cache-from sends no layer that the registry has', async () => {
    await using registry = countRequests(server.host)
    const other = await newMachine()
    const name = `${registry.host}/app/pushed:1`
    const from = `type=registry,ref=${registry.host}/app/cache:1`
    const args = ['build', '-t', name, '--push', '--cache-from', from, context]
    await other.ok(...args)
    const uploads = registry.requests.filter((each) => each.startsWith('PUT /v2/app/pushed/blobs'))
    // At most the configuration: this registry has the base image in its store.
    expect(uploads.length).toBeLessThanOrEqual(1)
  })

  const hasRegistry = Bun.which('docker-registry') !== null
  if (!hasRegistry) console.info('skipped: mounts in docker-registry: it is not installed')
  test.skipIf(!hasRegistry)(
    'build --push mounts the layers of a cache in the same registry',
    async () => {
      await using docker = await serveDockerRegistry(inputs)
      await using registry = countRequests(docker.host)
      const ref = `${registry.host}/app/cache:1`
      await build(first, '--cache-to', `type=registry,ref=${ref},mode=max`, context)
      const other = await newMachine()
      registry.requests.length = 0
      await other.ok(
        'build',
        '-t',
        `${registry.host}/app:1`,
        '--push',
        '--cache-from',
        ref,
        context,
      )
      const uploads = registry.requests.filter((each) => /^(PUT|PATCH) \/v2\/app\/blobs/.test(each))
      // The configuration, and the layer of the base image, which is in no repository.
      expect(uploads.filter((each) => each.startsWith('PUT'))).toHaveLength(2)
    },
  )

  test('build --cache-to type=inline writes the cache into the image', async () => {
    const name = `${server.host}/app/inline:1`
    await first.ok('build', '-t', name, '--push', '--cache-to', 'type=inline', context)
    const other = await newMachine()
    const used = await build(other, '--cache-from', name, context)
    expect(used).toMatchObject({ cached: 8, downloads: 3 })
    const third = await newMachine()
    const arg = ['--build-arg', 'BUILDKIT_INLINE_CACHE=1']
    const again = await build(third, '--cache-from', name, ...arg, context)
    expect(again.cached).toBe(8)
  })

  test.skipIf(Bun.which('git') === null)(
    'an inline cache serves many commits, although every image has the time of its commit',
    async () => {
      const name = `${server.host}/app/commits:1`
      const project = await writeContext(join(inputs, 'commits'), {
        Dockerfile: 'FROM busybox\nRUN echo slow > /slow\nRUN cat /slow > /slower\nCOPY a /\n',
      })
      const git = async (date: number, ...args: readonly string[]) => {
        const time = `${date} +0000`
        const env = { GIT_AUTHOR_DATE: time, GIT_COMMITTER_DATE: time, HOME: inputs }
        const user = ['-c', 'user.name=a', '-c', 'user.email=a@b']
        const done = await command(['git', '-C', project, ...user, ...args], { env })
        expect({ ...done, stdout: '' }).toMatchObject({ exitCode: 0 })
      }
      await git(1, 'init', '-q')
      for (const number of [1, 2, 3, 4]) {
        await writeContext(project, { a: String(number) })
        await git(1_700_000_000 + number * 1000, 'add', '-A')
        await git(1_700_000_000 + number * 1000, 'commit', '-qm', 'x')
        const machine = await newMachine()
        const inline = ['-t', name, '--push', '--cache-to', 'type=inline']
        const from = number === 1 ? [] : ['--cache-from', name]
        const outcome = await machine('build', '--progress', 'plain', ...inline, ...from, project)
        expect({ ...outcome, stdout: '' }).toMatchObject({ exitCode: 0 })
        const runs = [...outcome.stderr.matchAll(/^#(\d+) \[\d\/4\] RUN/gm)].map(([, id]) => id)
        expect(runs).toHaveLength(2)
        const ran = runs.filter((id) => outcome.stderr.includes(`\n#${id} DONE`))
        expect({ number, ran: ran.length }).toEqual({ number, ran: number === 1 ? 2 : 0 })
      }
    },
  )

  test('build --cache-to fails with the build when a registry refuses, unless ignore-error is set', async () => {
    const to = `type=registry,ref=127.0.0.1:1/a/b`
    const outcome = await first('build', '--cache-to', to, context)
    expect(outcome.exitCode).not.toBe(0)
    const offline = await first('build', '--offline', '--cache-to', to, context)
    expect(offline.stderr).toContain(
      'Cannot write a cache to another machine: the build is offline',
    )
    const ignored = await build(first, '--cache-to', `${to},ignore-error=true`, context)
    expect(ignored.text).toContain('The cache was not written to 127.0.0.1:1/a/b:latest')
  }, 180_000)

  describe('of cache mounts', () => {
    const mount = '--mount=type=cache,id=packages,target=/packages'
    const app = (version: string): string => `FROM busybox
RUN ${mount} --mount=type=secret,id=s,target=/packages/token \\
  ls /packages > /before && echo ${version} && mkdir -p /packages/bin && \\
  head -c 6000000 /dev/zero > /packages/${version} && ln -sf ../${version} /packages/bin/link
`
    const write = (version: string): Promise<string> =>
      writeContext(join(inputs, `mounts-${version}`), { Dockerfile: app(version) })
    const secret = ['--secret', 'id=s,env=SECRET']
    const run = async (machine: Strake, ...args: readonly string[]): Promise<string> => {
      const env = { SECRET: 'c4n4ry' }
      const outcome = await machine.with({ env }, 'build', '-t', 'app', ...secret, ...args)
      expect({ ...outcome, stdout: '' }).toMatchObject({ exitCode: 0 })
      return outcome.stderr
    }
    const before = async (machine: Strake): Promise<string> =>
      await machine.ok('run', '--rm', 'app', 'cat', '/before')

    test('another machine starts with their contents', async () => {
      const place = join(inputs, 'mounts')
      const to = `type=local,dest=${place},mounts=true`
      await run(first, '--cache-to', to, await write('one'))
      const other = await newMachine()
      await run(other, '--cache-from', `type=local,src=${place}`, await write('two'))
      expect((await before(other)).split('\n')).toEqual(['bin', 'one', 'token'])
      // The secret was a mount inside the mount.
      expect((await command(['grep', '-rlF', 'c4n4ry', place])).stdout).toBe('')
    })

    test('those that a machine does not have stay in the cache, and large ones are left out', async () => {
      const place = join(inputs, 'mounts')
      const other = await newMachine()
      const to = `type=local,dest=${place},mounts=true`
      const from = `type=local,src=${place}`
      // The step is in the cache, so this machine has no directory for its mount.
      await run(other, '--cache-from', from, '--cache-to', to, await write('one'))
      const third = await newMachine()
      await run(third, '--cache-from', from, await write('three'))
      expect(await before(third)).toContain('one')
      const large = `type=local,dest=${join(inputs, 'large')},mounts=true,mounts-max-size=1MB`
      const warned = await run(third, '--cache-to', large, await write('three'))
      expect(warned).toContain('The cache mount /packages is not in the cache')
      const fourth = await newMachine()
      const small = await run(
        fourth,
        '--cache-from',
        `${from},mounts-max-size=1MB`,
        await write('four'),
      )
      expect(small).toContain('is not used: it has 7 MB, more than mounts-max-size leaves')
      expect(await before(fourth)).toBe('token')
    })

    test('one that is damaged is empty instead', async () => {
      const place = join(inputs, 'mounts')
      const blobs = join(place, 'blobs/sha256')
      for (const name of await readdir(blobs)) {
        const start = (await readFile(join(blobs, name))).subarray(0, 4).toString('hex')
        if (start === '28b52ffd') await truncate(join(blobs, name), 20)
      }
      const other = await newMachine()
      const from = `type=local,src=${place}`
      const warned = await run(other, '--cache-from', from, await write('four'))
      expect(warned).toContain('The cache mount /packages of')
      expect(await before(other)).toBe('token')
    })
  })

  test('secrets are not in caches', async () => {
    const secretive = await writeContext(join(inputs, 'secretive'), {
      Dockerfile: `FROM busybox
RUN --mount=type=secret,id=s,env=TOKEN test -n "$TOKEN" && test -s /run/secrets/s || true
RUN --mount=type=secret,id=s grep -q c4n4ry /run/secrets/s
`,
    })
    const place = join(inputs, 'secret-cache')
    await first.with(
      { env: { SECRET: 'c4n4ry' } },
      ...['build', '--secret', 'id=s,env=SECRET'],
      ...['--cache-to', `type=local,dest=${place},mode=max,compression=uncompressed`, secretive],
    )
    expect((await command(['grep', '-rlF', 'c4n4ry', place])).stdout).toBe('')
    expect((await readdir(join(place, 'blobs/sha256'))).length).toBeGreaterThan(1)
  })
})
