import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { serveDockerRegistry, serveStrakeRegistry, type TestServer } from './servers.ts'
import { command, missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'skopeo', 'docker-registry')
if (reason) console.info(`skipped: registry proxy: ${reason}`)
const crane = join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', 'crane')

describe.skipIf(reason !== undefined)('registry serve --proxy', () => {
  let strake: Strake
  let upstream: TestServer
  let digest: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    upstream = await serveDockerRegistry(strake.directory)
    const context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: 'FROM busybox\nCOPY file /file\n',
      file: 'cached\n',
    })
    await strake.ok('build', '-q', '-t', `${upstream.host}/team/app:1`, context)
    const pushed = await strake.ok('push', `${upstream.host}/team/app:1`)
    digest = /digest: (sha256:[0-9a-f]{64})/.exec(pushed)?.[1] ?? ''
  })
  afterAll(async () => {
    await upstream[Symbol.asyncDispose]()
    await strake[Symbol.asyncDispose]()
  })

  const serve = (...options: readonly string[]): Promise<TestServer> => {
    const data = join(strake.directory, `data-${crypto.randomUUID()}`)
    const proxy = `cache=http://${upstream.host}`
    return serveStrakeRegistry(strake, '--storage', data, '--proxy', proxy, ...options)
  }

  test('strake, skopeo and crane pull through it, and get the same bytes', async () => {
    await using server = await serve()
    const name = `${server.host}/cache/team/app:1`
    await using other = await openStrake()
    expect(await other.ok('pull', name)).toContain(digest)
    const inspected = await command(['skopeo', 'inspect', '--tls-verify=false', `docker://${name}`])
    expect(JSON.parse(inspected.stdout)).toMatchObject({ Digest: digest })
    if (existsSync(crane)) {
      const found = await command([crane, 'digest', '--insecure', name])
      expect(found.stdout.trim()).toBe(digest)
    }
  }, 60_000)

  test('a mirror answers for names without a prefix, and for ns', async () => {
    await using server = await serve('--mirror', 'cache')
    for (const path of ['team/app/manifests/1', 'team/app/manifests/1?ns=cache']) {
      const answer = await fetch(`http://${server.host}/v2/${path}`)
      expect([path, answer.headers.get('Docker-Content-Digest')]).toEqual([path, digest])
    }
  }, 60_000)

  test('an image that was pulled once is pulled again when the upstream is gone', async () => {
    const gone = await serveDockerRegistry(strake.directory)
    await strake.ok('tag', `${upstream.host}/team/app:1`, `${gone.host}/gone:1`)
    await strake.ok('push', `${gone.host}/gone:1`)
    await using server = await serveStrakeRegistry(
      strake,
      ...['--storage', join(strake.directory, 'data-gone'), '--proxy', `lab=http://${gone.host}`],
    )
    await using first = await openStrake()
    const name = `${server.host}/lab/gone:1`
    await first.ok('pull', name)
    await gone[Symbol.asyncDispose]()
    await using second = await openStrake()
    expect(await second.ok('pull', name)).toContain('Digest: sha256:')
  }, 60_000)

  test('registry cache lists what a cache holds, and prunes nothing that is in use', async () => {
    const data = join(strake.directory, 'data-listed')
    const proxy = ['--storage', data, '--proxy', `cache=http://${upstream.host}`]
    await using server = await serveStrakeRegistry(strake, ...proxy)
    await using other = await openStrake()
    await other.ok('pull', `${server.host}/cache/team/app:1`)
    const place = ['cache', '--storage', data]
    const format = '{{.Repository}} {{.Tags}} {{.Digest}}'
    const listed = await strake.ok('registry', 'cache', 'ls', '--format', format, ...place)
    expect(listed.trim()).toBe(`cache/team/app 1 ${digest}`)
    const pruned = await strake.ok('registry', 'cache', 'prune', '--keep', '0B', ...place)
    expect(pruned).toContain('Removed 0 manifests and 0 blobs')
    const unnamed = await strake.with({}, 'registry', 'cache', 'ls', '--storage', data)
    expect(unnamed.stderr).toContain('Cannot find the caches: no registry is named')
    const unclear = await strake.with({}, 'registry', 'cache', 'prune', ...place)
    expect(unclear.stderr).toContain('--keep SIZE or --unused DURATION')
  }, 60_000)

  test('a mirror of a registry that is not cached is refused', async () => {
    const refused = await strake.with({}, 'registry', 'serve', '--port', '0', '--mirror', 'hub')
    expect(refused.stderr).toContain('add --proxy hub')
    expect(refused.exitCode).toBe(1)
  })
})
