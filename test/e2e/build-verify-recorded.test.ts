import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc', 'git')
if (reason) console.info(`skipped: build --verify with a provenance: ${reason}`)

const dockerfile = [
  'FROM busybox AS wanted',
  'ARG WORD=none',
  'COPY a /a',
  'RUN echo "$WORD" > /word && ulimit -n > /limit',
  'FROM wanted AS other',
  'RUN echo > /other',
].join('\n')

describe.skipIf(reason !== undefined)('build --verify reads the provenance', () => {
  let strake: Strake
  let context: string
  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: `${dockerfile}\n`,
      a: 'a',
    })
    const options = ['--target', 'wanted', '--build-arg', 'WORD=canary', '--label', 'l=1']
    const more = ['--ulimit', 'nofile=512:512', '--timestamp', '1000000000']
    await strake.ok('build', '-t', 'app', '--provenance=true', ...options, ...more, context)
    await strake.ok('build', '-t', 'low', '--provenance=mode=min', ...options, context)
  })
  afterAll(() => strake[Symbol.asyncDispose]())

  test('builds the same target with the same arguments, labels, limits and times', async () => {
    const same = await strake('build', '--verify', 'app', '--format', 'json', context)
    expect(same.stderr).not.toContain('warning')
    expect(JSON.parse(same.stdout)).toMatchObject({
      identical: true,
      versions: 'provenance',
      hasSameDockerfile: true,
    })
  })

  test('prefers what the user names, and names what differs then', async () => {
    const other = await strake('build', '--verify', 'app', '--build-arg', 'WORD=x', context)
    expect(other.exitCode).toBe(1)
    expect(other.stdout).toContain('app was built again with the parameters and versions of its')
    expect(other.stdout).toMatch(/^\/word: content sha256:\w{64} -> sha256:\w{64}$/m)
    expect(other.stdout).not.toMatch(/^.limit:/m)
  })

  test('says when build arguments are not in the provenance', async () => {
    const low = await strake('build', '--verify', 'low', context)
    expect(low.stderr).toContain('the provenance has no build arguments and labels')
    expect(low.stdout).toMatch(/^\/word: content/m)
  })

  test('uses the base of the provenance after its name has moved', async () => {
    const text = 'FROM busybox\nRUN echo > /new\n'
    await writeFile(`${context}/New`, text)
    await strake.ok('tag', 'busybox', 'kept')
    await strake.ok('build', '-t', 'busybox', '-f', `${context}/New`, context)
    try {
      const same = await strake('build', '--verify', 'app', context)
      expect(same.stdout).toMatch(/^app is the same: /m)
    } finally {
      await strake.ok('tag', 'kept', 'busybox')
    }
  })

  test('says that the Dockerfile is another one', async () => {
    await writeFile(`${context}/Changed`, `# changed\n${dockerfile}\n`)
    const same = await strake('build', '--verify', 'app', '-f', `${context}/Changed`, context)
    expect(same.stdout).toContain('The Dockerfile is not the one in the provenance of app\n')
    expect(same.stdout).toMatch(/^app is the same: /m)
  })

  test('needs the context only when files of it were used', async () => {
    const absent = await strake('build', '--verify', 'app')
    expect(absent.stderr).toContain('Cannot verify app: it was built from local files')
    const input = 'FROM busybox\nARG X\nRUN echo $X > /x\n'
    const options = ['--provenance=true', '--build-arg', 'X=1', '-t', 'alone', '-']
    expect(await strake.with({ input }, 'build', ...options)).toMatchObject({ exitCode: 0 })
    const same = await strake('build', '--verify', 'alone')
    expect(same.stdout).toMatch(/^alone is the same: /m)
  })

  test('clones the commit that the provenance names', async () => {
    const project = await writeContext(join(strake.directory, 'project'), {
      Dockerfile: 'FROM busybox\nCOPY word /word\n',
      word: 'one',
    })
    const git = (...args: readonly string[]) => {
      const identity = ['-c', 'user.name=n', '-c', 'user.email=e@x.test']
      const ended = Bun.spawnSync(['git', '-C', project, ...identity, ...args])
      if (ended.exitCode !== 0) throw new Error(ended.stderr.toString())
    }
    git('init', '-q', '-b', 'main')
    git('add', '.')
    git('commit', '-q', '-m', 'one')
    git('update-server-info')
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request) =>
        new Response(Bun.file(join(project, '.git', new URL(request.url).pathname.slice(10)))),
      error: () => new Response('', { status: 404 }),
    })
    try {
      const url = `http://127.0.0.1:${server.port}/word.git#main`
      await strake.ok('build', '--provenance=true', '-t', 'cloned', url)
      await writeFile(`${project}/word`, 'two')
      git('commit', '-q', '-a', '-m', 'two')
      git('update-server-info')
      const same = await strake('build', '--verify', 'cloned')
      expect(same.stdout).toMatch(/^cloned is the same: /m)
    } finally {
      await server.stop(true)
    }
  })

  test('uses build.lock of the context for an image without a provenance', async () => {
    const options = ['--target', 'wanted', context]
    await strake.ok('build', '-t', 'plain', '--lock', ...options)
    const same = await strake('build', '--verify', 'plain', ...options)
    expect(same.stdout).toContain('plain was built again with the versions of the lock file\n')
    expect(same.stdout).toMatch(/^plain is the same: /m)
    await rm(`${context}/build.lock`)
    expect((await strake('build', '--verify', 'plain')).stderr).toContain(
      'Cannot verify plain: it has no provenance',
    )
  })
})
