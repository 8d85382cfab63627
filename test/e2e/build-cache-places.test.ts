import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serveActions } from './actions-server.ts'
import { serveAzure } from './azure-server.ts'
import { writeContext } from './busybox.ts'
import { type Machines, openMachines } from './machines.ts'
import { end, freePort, serveStrakeRegistry, until } from './servers.ts'
import { command, missing, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: places of build caches: ${reason}`)

/** Programs of other projects, built from source. */
const peers = '/var/cache/strake-gopeers'
const peer = (name: string): string | undefined =>
  existsSync(`${peers}/${name}`) ? `${peers}/${name}` : undefined

const gateway = peer('versitygw')
if (gateway === undefined) console.info('skipped: caches in S3: versitygw is not built')

/** A server of S3 with the bucket `caches`. */
async function serveBucket(data: string): Promise<AsyncDisposable & { readonly place: string }> {
  const address = `127.0.0.1:${await freePort()}`
  await mkdir(join(data, 'caches'), { recursive: true })
  const server = Bun.spawn([gateway ?? '', '--port', address, 'posix', data], {
    env: { ROOT_ACCESS_KEY: 'key', ROOT_SECRET_KEY: 'secret' },
    stdout: 'ignore',
    stderr: 'ignore',
  })
  await until(async () => (await fetch(`http://${address}/`)).status > 0)
  const keys = `endpoint_url=http://${address},use_path_style=true`
  return {
    place: `type=s3,bucket=caches,region=us-east-1,${keys}`,
    [Symbol.asyncDispose]: () => end(server),
  }
}

const dockerfile = (base: string): string => `FROM ${base} AS build
RUN head -c 20000000 /dev/urandom > /dep
RUN --mount=type=cache,id=packages,target=/packages echo p > /packages/p && sha256sum /dep > /out
FROM ${base}
COPY --from=build /out /out
RUN cat /out > /copy
`

describe.skipIf(reason !== undefined)('places of build caches', () => {
  let machines: Machines
  let first: Strake
  let context: string
  beforeAll(async () => {
    machines = await openMachines()
    first = await machines.add()
    context = await writeContext(join(machines.directory, 'context'), {
      Dockerfile: dockerfile('busybox'),
    })
  })
  afterAll(() => machines[Symbol.asyncDispose]())

  const build = async (machine: Strake, env: Record<string, string>, ...args: string[]) => {
    const outcome = await machine.with(
      { env },
      ...['build', '--progress', 'plain', '-t', 'app', ...args],
    )
    expect({ ...outcome, stdout: '' }).toMatchObject({ exitCode: 0 })
    const text = outcome.stdout + outcome.stderr
    const [, id] = /writing image (\S+)/.exec(text) ?? []
    const cached = text.split('\n').filter((line) => line.endsWith(' CACHED')).length
    return { id, cached, text }
  }

  test.skipIf(gateway === undefined)(
    'build --cache-to type=s3 uses objects that another machine reads',
    async () => {
      const data = join(machines.directory, 's3')
      await using bucket = await serveBucket(data)
      const place = `${bucket.place},prefix=ci/`
      const env = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' }
      const to = `${place},mode=max,name=main;other,mounts=true`
      const made = await build(first, env, '--cache-to', to, context)
      expect((await readdir(join(data, 'caches/ci/manifests'))).sort()).toEqual(['main', 'other'])
      const main = `${place},name=main`
      const used = await build(await machines.add(), env, '--cache-from', main, context)
      expect(used).toMatchObject({ id: made.id, cached: 4 })
      const wrong = `${main},access_key_id=key,secret_access_key=wr0ng`
      const refused = await build(await machines.add(), {}, '--cache-from', wrong, context)
      expect(refused.text).toContain('is not used: Cannot read ci/manifests/main in the bucket')
      expect(refused.text).not.toContain('wr0ng')
    },
  )

  test('build --cache-to type=azblob uses blobs that another machine reads', async () => {
    await using server = serveAzure()
    const keys = `account_url=${server.url},account_name=${server.account},prefix=ci`
    const place = `type=azblob,${keys},secret_access_key=${server.key}`
    const made = await build(first, {}, '--cache-to', `${place},mode=max,name=a;b`, context)
    const names = [...server.blobs.keys()]
    expect(names).toContain('buildkit-cache/ci/manifests/a')
    expect(names).toContain('buildkit-cache/ci/manifests/b')
    const blobs = names.filter((name) => name.startsWith('buildkit-cache/ci/blobs/sha256:'))
    // Two of four steps make the same layer, and BuildKit needs that of the base.
    expect(blobs).toHaveLength(4)
    const env = { AZURE_STORAGE_KEY: server.key }
    const used = await build(
      await machines.add(),
      env,
      ...['--cache-from', `type=azblob,${keys},name=b`, context],
    )
    expect(used).toMatchObject({ id: made.id, cached: 4 })
    const wrong = `type=azblob,${keys},secret_access_key=d3Iwbmc=`
    const refused = await build(await machines.add(), {}, '--cache-from', wrong, context)
    expect(refused.text).toContain(
      'is not used: Cannot read ci/manifests/buildkit in the container',
    )
    expect(refused.text).not.toContain('d3Iwbmc=')
  })

  test('build --cache-to type=gha writes entries that another job reads', async () => {
    await using server = serveActions()
    const env = { ACTIONS_RESULTS_URL: server.url, ACTIONS_RUNTIME_TOKEN: server.token }
    const made = await build(first, env, '--cache-to', 'type=gha,mode=max,mounts=true', context)
    expect([...server.entries.keys()].filter((key) => key.startsWith('index-'))).toEqual([
      'index-buildkit-1-f921bd05#1',
    ])
    const used = await build(await machines.add(), env, '--cache-from', 'type=gha', context)
    expect(used).toMatchObject({ id: made.id, cached: 4 })
    server.requests.length = 0
    await build(first, env, '--cache-to', 'type=gha,mode=max,mounts=true', context)
    // Only the new index.
    expect(server.requests.filter((each) => each.startsWith('PUT'))).toHaveLength(2)
    const other = await build(first, env, '--cache-from', 'type=gha,scope=other', context)
    expect(other.text).toContain('The cache gha:other is not used: there is none')
  })

  const buildkit = peer('buildkitd')
  const client = peer('buildctl')
  const hasBuildkit = buildkit !== undefined && client !== undefined
  if (!hasBuildkit) console.info('skipped: caches of BuildKit: buildkitd is not built')
  test.skipIf(!hasBuildkit)(
    'BuildKit reads caches of strake, and strake those of BuildKit',
    async () => {
      await using server = await serveStrakeRegistry(first)
      const base = `${server.host}/base:1`
      await first.ok('tag', 'busybox', base)
      await first.ok('push', base)
      const project = await writeContext(join(machines.directory, 'shared'), {
        Dockerfile: dockerfile(base),
      })
      const directory = join(machines.directory, 'buildkit')
      await mkdir(directory)
      const config = join(directory, 'config.toml')
      await writeFile(config, `[registry."${server.host}"]\n  http = true\n`)
      const address = `unix://${directory}/socket`
      const daemon = Bun.spawn(
        [
          ...['unshare', '-m', buildkit ?? '', '--config', config, '--root', `${directory}/root`],
          ...['--addr', address, '--oci-worker-snapshotter', 'native', '--oci-worker-net', 'host'],
        ],
        { stdout: 'ignore', stderr: Bun.file(`${directory}/log`) },
      )
      const solve = async (...args: readonly string[]): Promise<string> => {
        const locals = ['--local', `context=${project}`, '--local', `dockerfile=${project}`]
        const outcome = await command([
          ...[client ?? '', '--addr', address, 'build', '--progress', 'plain'],
          ...['--frontend', 'dockerfile.v0', ...locals, ...args],
        ])
        expect({ ...outcome, stdout: '' }).toMatchObject({ exitCode: 0 })
        return outcome.stderr
      }
      try {
        const cache = `${server.host}/cache`
        const local = join(machines.directory, 'buildkit-local')
        // BuildKit finds a base image by the digest that the registry has.
        const puller = await machines.add()
        await puller.ok(
          ...['build', '-t', `${cache}:inline`, '--push', '--cache-to', 'type=inline'],
          ...['--cache-to', `type=registry,ref=${cache}:manifest,mode=max,mounts=true`],
          ...['--cache-to', `type=registry,ref=${cache}:index,mode=max,image-manifest=false`],
          ...['--cache-to', `type=local,dest=${local}`, project],
        )
        await until(
          async () =>
            (await command([client ?? '', '--addr', address, 'debug', 'workers'])).exitCode === 0,
        )
        for (const tag of ['manifest', 'index', 'inline']) {
          const text = await solve('--import-cache', `type=registry,ref=${cache}:${tag}`)
          expect(text).toContain(`importing cache manifest from ${cache}:${tag}`)
          expect(text).not.toContain('ERROR')
          // Later ones are in the cache of BuildKit itself.
          if (tag === 'manifest') expect(text.match(/^#\d+ CACHED$/gm)).toHaveLength(4)
        }
        expect(await solve('--import-cache', `type=local,src=${local}`)).not.toContain('ERROR')
        const made = join(machines.directory, 'made-by-buildkit')
        await solve(
          ...['--export-cache', `type=registry,ref=${cache}:max,mode=max`],
          ...['--export-cache', `type=local,dest=${made},image-manifest=false,mode=max`],
        )
        const image = `type=image,name=${cache}:image,push=true`
        await solve('--export-cache', 'type=inline', '--output', image)
        for (const source of [`${cache}:max`, `type=local,src=${made}`]) {
          const found = await build(await machines.add(), {}, '--cache-from', source, project)
          expect(found).toMatchObject({ cached: 4 })
          expect(found.text).not.toContain('is not used')
        }
        // Of an inline cache, the layers of other stages are missing.
        const ofImage = ['--cache-from', `${cache}:image`]
        expect(await build(await machines.add(), {}, ...ofImage, project)).toBeDefined()
        if (gateway !== undefined) {
          await using bucket = await serveBucket(join(machines.directory, 'shared-s3'))
          const place = `${bucket.place},access_key_id=key,secret_access_key=secret`
          await build(first, {}, '--cache-to', `${place},mode=max,mounts=true`, project)
          expect(await solve('--import-cache', place)).toContain('importing cache manifest from s3')
          await solve('--export-cache', `${place},name=own,mode=max`)
          const from = ['--cache-from', `${place},name=own`]
          expect(await build(await machines.add(), {}, ...from, project)).toMatchObject({
            cached: 4,
          })
        }
        await using actions = serveActions()
        const gha = `type=gha,version=2,url_v2=${actions.url},token=${actions.token}`
        await build(first, {}, '--cache-to', `${gha},mode=max`, project)
        expect(await solve('--import-cache', gha)).toContain('importing cache manifest from gha')
        await solve('--export-cache', `${gha},scope=buildkit-own,mode=max`)
        const own = `${gha},scope=buildkit-own`
        const read = await build(await machines.add(), {}, '--cache-from', own, project)
        expect(read).toMatchObject({ cached: 4 })
      } catch (error) {
        console.info(await readFile(`${directory}/log`, 'utf8'))
        throw error
      } finally {
        await end(daemon)
      }
    },
  )
})
