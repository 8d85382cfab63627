import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { command, missing, type Outcome, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: refusals: ${reason}`)

/** Expects one sentence, with a remedy or a source excerpt, and no stack trace. */
function expectRefusal(outcome: Outcome, exitCode: number, message: string | RegExp): void {
  expect(outcome.stderr).toMatch(message)
  expect(outcome.stderr).not.toMatch(/\n\s+at .*:\d+/)
  expect(outcome.stderr.split('\n').filter((line) => line.startsWith('strake:'))).toHaveLength(1)
  expect(outcome.exitCode).toBe(exitCode)
}

describe.skipIf(reason !== undefined)('refusals', () => {
  let strake: Strake

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const build = async (name: string, files: Readonly<Record<string, string>>): Promise<Outcome> =>
    strake('build', '-t', name, await writeContext(join(strake.directory, name), files))

  test('an unknown command gets a suggestion', async () => {
    const outcome = await strake('imagse')
    expectRefusal(outcome, 1, "unknown command 'imagse': did you mean 'strake images'?")
  })

  test('the socket of an engine in a container, and privileges, get a warning', async () => {
    const socket = join(strake.directory, 'podman.sock')
    using _listener = Bun.listen({ unix: socket, socket: { data() {} } })
    const mounted = await strake('create', '--name', 'mounted', '-v', `${socket}:/x`, 'busybox')
    const warning = `WARN: ${socket} is mounted: a process in the container can become`
    expect(mounted).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(warning) })
    const plain = await strake('create', '--name', 'plain', '-v', '/etc:/x', 'busybox')
    expect(plain).toMatchObject({ exitCode: 0, stderr: '' })
    const privileged = await strake('create', '--name', 'mighty', '--privileged', 'busybox')
    const power = 'WARN: the container is privileged: a process in the container can become root'
    expect(privileged).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(power) })
    await strake.ok('rm', 'mounted', 'plain', 'mighty')
  })

  test('published ports get a warning on the network of the host', async () => {
    const host = await strake('create', '--name', 'host', '--network=host', '-p', '80', 'busybox')
    const stderr = 'WARN: Published ports are discarded when using host network mode\n'
    expect(host).toMatchObject({ exitCode: 0, stderr })
    await strake.ok('rm', 'host')
  })

  test('an unknown option gets a suggestion', async () => {
    expectRefusal(await strake('images', '--quite'), 125, 'unknown flag: --quite')
  })

  test('an unknown instruction gets a suggestion and the excerpt', async () => {
    const outcome = await build('unknown', { Dockerfile: 'FROM busybox\nRNU true\n' })
    expectRefusal(outcome, 1, /RNU[\s\S]*RUN/)
    expect(outcome.stderr).toContain('>>>')
  })

  test('a missing COPY source is named', async () => {
    const outcome = await build('nosource', { Dockerfile: 'FROM busybox\nCOPY absent.txt /\n' })
    expectRefusal(outcome, 1, 'absent.txt')
  })

  test('a missing context directory is named', async () => {
    expectRefusal(await strake('build', '/nowhere/at/all'), 1, '/nowhere/at/all')
  })

  test('a failing RUN shows the step, its exit code and the excerpt', async () => {
    const outcome = await build('failing', { Dockerfile: 'FROM busybox\nRUN echo oops; exit 7\n' })
    expectRefusal(outcome, 1, /exited with code 7/)
    expect(outcome.stderr).toContain('oops')
    expect(outcome.stderr).toContain('>>>')
  })

  test('a bad reference is refused before any request', async () => {
    expectRefusal(await strake('pull', 'UPPER/Case'), 1, 'UPPER/Case')
  })

  test('an unreachable registry is named', async () => {
    expectRefusal(await strake('pull', 'localhost:1/app'), 1, 'localhost:1')
  })

  test('an unknown image is named by run with exit code 125', async () => {
    expectRefusal(
      await strake('run', '--rm', '--pull', 'never', 'no-such-image'),
      125,
      'no-such-image',
    )
  })

  test('a command that is not in the image ends with 127', async () => {
    const outcome = await strake('run', '--rm', '--network', 'none', 'busybox', '/nope')
    expectRefusal(outcome, 127, '/nope')
  })

  test('a file that is not executable ends with 126', async () => {
    const outcome = await strake('run', '--rm', '--network', 'none', 'busybox', '/etc/passwd')
    expectRefusal(outcome, 126, '/etc/passwd')
  })

  test('a port in use is named before the container starts', async () => {
    using listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const outcome = await strake('run', '--rm', '-p', `${listener.port}:80`, 'busybox', 'true')
    expectRefusal(outcome, 125, String(listener.port))
    expect(await strake.ok('ps', '-aq')).toBe('')
  })

  test('a registry port in use is named', async () => {
    using listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    const outcome = await strake('registry', 'serve', '--port', String(listener.port))
    expectRefusal(outcome, 1, String(listener.port))
  })

  test('a truncated archive is refused and leaves nothing', async () => {
    const archive = join(strake.directory, 'whole.tar')
    await strake.ok('save', '-o', archive, 'busybox')
    await truncate(archive, 700_000)
    await using second = await openStrake()
    expectRefusal(await second('load', '-i', archive), 1, /truncated|ends|unexpected/i)
    expect(await second.ok('images', '-aq')).toBe('')
  })

  test('a full disk is named, and no partial file stays', async () => {
    await using second = await openStrake()
    const small = join(second.directory, 'small')
    await command(['mkdir', '-p', small])
    expect(
      (await command(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small])).exitCode,
    ).toBe(0)
    try {
      const archive = join(strake.directory, 'full.tar')
      await strake.ok('save', '-o', archive, 'busybox')
      const env = { STRAKE_ROOT: join(small, 'root') }
      const outcome = await second.with({ env }, 'load', '-i', archive)
      expectRefusal(outcome, 1, /no space (is )?left/)
      const blobs = await readdir(join(small, 'root/blobs/sha256')).catch(() => [])
      for (const blob of blobs) {
        const sum = await command(['sha256sum', join(small, 'root/blobs/sha256', blob)])
        expect(sum.stdout.slice(0, 64)).toBe(blob)
      }
    } finally {
      await command(['umount', small])
    }
  })

  test('a newer store is refused', async () => {
    await using second = await openStrake()
    await second.ok('images')
    const { Database } = await import('bun:sqlite')
    using database = new Database(join(second.root, 'strake.db'))
    const usual = database.query('PRAGMA user_version').values()
    database.run('PRAGMA user_version = 9999')
    expectRefusal(await second('images'), 1, /newer/)
    database.run(`PRAGMA user_version = ${usual}`)
  })
})
