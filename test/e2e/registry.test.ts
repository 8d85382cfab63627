import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { serveDockerRegistry, serveStrakeRegistry } from './servers.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: registry: ${reason}`)

describe.skipIf(reason !== undefined)('registry', () => {
  let strake: Strake
  let imageId: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile:
        'FROM busybox\nCOPY file /file\nRUN echo made > /made\nCMD ["cat", "/file", "/made"]\n',
      file: 'copied\n',
    })
    imageId = await strake.ok('build', '-q', '-t', 'app', context)
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  /** Pushes to `host`, pulls into an empty store, and runs the image. */
  const roundTrip = async (host: string, ...options: readonly string[]): Promise<void> => {
    const name = `${host}/team/app:1.0`
    await strake.ok('tag', 'app', name)
    const pushed = await strake.ok('push', ...options, name)
    const digest = /digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1]
    await using second = await openStrake()
    const pulled = await second.ok('pull', name)
    expect(pulled).toContain(`Digest: ${digest}`)
    expect(await second.ok('images', '-q', '--no-trunc')).toBe(imageId)
    expect(await second.ok('run', '--rm', '--network', 'none', name)).toBe('copied\nmade')
    expect(await second.ok('pull', name)).toContain('Image is up to date')
    expect(await second.ok('pull', `${host}/team/app@${digest}`)).toContain(digest ?? '')
    await strake.ok('rmi', name)
  }

  test('push and pull go through our own registry', async () => {
    await using server = await serveStrakeRegistry(strake)
    await roundTrip(server.host)
  }, 60_000)

  test('a thousand unfinished requests do not delay another client', async () => {
    await using server = await serveStrakeRegistry(strake)
    const [hostname = '', port = ''] = server.host.split(':')
    const ignore = { data() {}, error() {} }
    const sockets = await Promise.all(
      Array.from({ length: 1000 }, () =>
        Bun.connect({ hostname, port: Number(port), socket: ignore }),
      ),
    )
    for (const [n, socket] of sockets.entries()) {
      socket.write(
        n % 2 === 0 ? 'GET /v2/ HT' : 'PATCH /v2/ HTTP/1.1\r\nContent-Length: 9\r\n\r\n1',
      )
    }
    await roundTrip(server.host)
    for (const socket of sockets) socket.terminate()
  }, 60_000)

  test('push --compression zstd sends the same image', async () => {
    await using server = await serveStrakeRegistry(strake)
    await roundTrip(server.host, '--compression', 'zstd')
  }, 60_000)

  test('a second push sends nothing', async () => {
    await using server = await serveStrakeRegistry(strake)
    const name = `${server.host}/twice:1`
    await strake.ok('tag', 'app', name)
    await strake.ok('push', name)
    expect(await strake.ok('push', name)).not.toContain('Pushed\n')
    await strake.ok('rmi', name)
  }, 60_000)

  test('run --pull always says what could not be refreshed, or what is missing', async () => {
    await using strake = await openStrake()
    await importBusybox(strake, 'localhost:1/app')
    const kept = await strake('run', '--rm', '--pull', 'always', 'localhost:1/app', 'true')
    expect(kept.exitCode).toBe(125)
    expect(kept.stderr).not.toContain('Unable to find image')
    expect(kept.stderr).toContain('strake: Cannot refresh image localhost:1/app: cannot reach')
    expect(kept.stderr).toContain('try: run without --pull to use the image')
    const absent = await strake('run', '--rm', '--pull', 'always', 'localhost:1/other', 'true')
    expect(absent.stderr).toContain(
      'Cannot use image localhost:1/other: it is not in the store, and',
    )
  })

  test('pull of an unknown tag fails and makes no name', async () => {
    await using server = await serveStrakeRegistry(strake)
    const outcome = await strake('pull', `${server.host}/team/app:none`)
    expect(outcome.exitCode).toBe(1)
    expect(outcome.stderr).toMatch(/Cannot .*team\/app:none.*unknown/)
  })

  test('a registry with its own directory serves its repositories after a restart', async () => {
    const storage = join(strake.directory, 'repositories')
    const push = async (): Promise<string> => {
      await using server = await serveStrakeRegistry(strake, '--storage', storage)
      await strake.ok('tag', 'app', `${server.host}/kept:1`)
      await strake.ok('push', `${server.host}/kept:1`)
      await strake.ok('rmi', `${server.host}/kept:1`)
      return server.host
    }
    await push()
    await using server = await serveStrakeRegistry(strake, '--storage', storage)
    const response = await fetch(`http://${server.host}/v2/kept/tags/list`)
    expect(await response.json()).toEqual({ name: 'kept', tags: ['1'] })
  }, 60_000)

  test('pull refuses content with a wrong digest, and keeps nothing of it', async () => {
    const storage = join(strake.directory, 'damaged')
    await using server = await serveStrakeRegistry(strake, '--storage', storage)
    const name = `${server.host}/damaged:1`
    await strake.ok('tag', 'app', name)
    await strake.ok('push', name)
    const blobs = (await command(['find', join(storage, 'blobs'), '-type', 'f', '-size', '+100k']))
      .stdout
    const [victim = ''] = blobs.split('\n')
    await command([
      'sh',
      '-c',
      `chmod 644 ${victim}; printf X | dd of=${victim} bs=1 seek=5000 conv=notrunc`,
    ])
    await using second = await openStrake()
    const outcome = await second('pull', name)
    expect(outcome.exitCode).toBe(1)
    // The registry closes the connection at the end of a damaged blob, and sets the blob aside.
    expect(outcome.stderr).toMatch(/expected sha256:[0-9a-f]{64}, got|blob unknown/)
    expect(await second.ok('images', '-aq')).toBe('')
    await strake.ok('rmi', name)
  }, 60_000)

  const docker = missing('docker-registry')
  if (docker) console.info(`skipped: push and pull with docker-registry: ${docker}`)
  test.skipIf(docker !== undefined)(
    'push and pull work with docker-registry',
    async () => {
      await using server = await serveDockerRegistry(strake.directory)
      await roundTrip(server.host)
    },
    60_000,
  )

  test.skipIf(docker !== undefined)(
    'login is needed and kept, and logout forgets it',
    async () => {
      const htpasswd = join(strake.directory, 'htpasswd')
      const hash = await Bun.password.hash('secret', { algorithm: 'bcrypt', cost: 5 })
      await writeFile(htpasswd, `me:${hash}\n`)
      await using server = await serveDockerRegistry(strake.directory, htpasswd)
      const name = `${server.host}/private:1`
      await strake.ok('tag', 'app', name)
      const refused = await strake('push', name)
      expect(refused.exitCode).toBe(1)
      expect(refused.stderr).toContain(`strake login ${server.host}`)
      const wrong = await strake.with(
        { input: 'wrong' },
        'login',
        '-u',
        'me',
        '--password-stdin',
        server.host,
      )
      expect(wrong.exitCode).toBe(1)
      const right = await strake.with(
        { input: 'secret' },
        'login',
        '-u',
        'me',
        '--password-stdin',
        server.host,
      )
      expect(right.stdout).toBe('Login Succeeded\n')
      const config = join(strake.directory, 'docker/config.json')
      expect((await command(['stat', '-c', '%a', config])).stdout).toBe('600\n')
      await strake.ok('push', name)
      await strake.ok('logout', server.host)
      expect((await strake('push', name)).exitCode).toBe(1)
      await strake.ok('rmi', name)
    },
    60_000,
  )
})
