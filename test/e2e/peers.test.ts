import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBusybox, writeContext } from './busybox.ts'
import { end, serveStrakeRegistry, until } from './servers.ts'
import { command, missing, type Outcome, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'tar', 'runc')
if (reason) console.info(`skipped: peers: ${reason}`)

/** Returns why a test with a peer cannot run, and prints it once. */
function without(...programs: readonly string[]): boolean {
  const why = missing(...programs)
  if (why) console.info(`skipped: peers with ${programs.join(', ')}: ${why}`)
  return why !== undefined
}

async function ok(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const outcome: Outcome = await command(argv, { env, timeout: 120_000 })
  if (outcome.exitCode !== 0)
    throw new Error(`${argv.join(' ')}\n${outcome.stdout}${outcome.stderr}`)
  return outcome.stdout.trim()
}

describe.skipIf(reason !== undefined)('peers', () => {
  let strake: Strake
  let imageId: string
  let archive: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    const context = await writeContext(join(strake.directory, 'context'), {
      Dockerfile: [
        'FROM busybox',
        'RUN mkdir -p /a/b && echo text > /a/b/file && ln /a/b/file /a/hard && ln -s b/file /a/soft',
        'RUN rm /a/hard && rmdir /home && mkdir /home && echo new > /home/new',
        'HEALTHCHECK CMD true',
        'CMD ["cat", "/a/soft"]',
      ].join('\n'),
    })
    imageId = await strake.ok('build', '-q', '-t', 'app:1', context)
    archive = join(strake.directory, 'app.tar')
    await strake.ok('save', '-o', archive, 'app:1')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  test.skipIf(without('skopeo'))('skopeo reads the store as an image layout', async () => {
    const listed = JSON.parse(
      await ok(['skopeo', 'inspect', `oci:${strake.root}:docker.io/library/app:1`]),
    )
    expect(listed.Layers).toHaveLength(3)
    const target = join(strake.directory, 'copied')
    await ok([
      'skopeo',
      'copy',
      '-q',
      `oci:${strake.root}:docker.io/library/app:1`,
      `oci:${target}:app`,
    ])
    const config = JSON.parse(await ok(['skopeo', 'inspect', '--config', `oci:${target}:app`]))
    expect(config.rootfs.diff_ids).toHaveLength(3)
  })

  test.skipIf(without('skopeo'))(
    'skopeo reads the index that build writes, and load takes it back',
    async () => {
      const context = await writeContext(join(strake.directory, 'multi'), {
        Dockerfile: 'FROM scratch\nARG TARGETARCH\nCOPY <<EOF /own\nfor $TARGETARCH\nEOF\n',
      })
      const written = join(strake.directory, 'multi.tar')
      const platforms = ['--platform', 'linux/amd64,linux/arm64']
      await strake.ok('build', '-q', ...platforms, '-o', `type=oci,dest=${written}`, context)
      const raw = await ok(['skopeo', 'inspect', '--raw', `oci-archive:${written}`])
      expect(JSON.parse(raw).manifests).toHaveLength(2)
      const copied = join(strake.directory, 'multi-copied.tar')
      const target = `oci-archive:${copied}:example.com/multi:1`
      await ok(['skopeo', 'copy', '-q', '--all', `oci-archive:${written}`, target])
      await strake.ok('load', '-q', '-i', copied)
      const [document] = JSON.parse(await strake.ok('inspect', 'example.com/multi:1'))
      expect(document.Manifests.map((each: { Available: boolean }) => each.Available)).toEqual([
        true,
        true,
      ])
      const again = join(strake.directory, 'multi-again.tar')
      await strake.ok('save', '-o', again, 'example.com/multi:1')
      expect(await ok(['skopeo', 'inspect', '--raw', `oci-archive:${again}`])).toBe(raw)
      await ok(['skopeo', 'copy', '-q', '--all', `oci-archive:${again}`, `dir:${again}.d`])
    },
  )

  test.skipIf(without('skopeo'))(
    'skopeo copies to and from strake registry serve',
    async () => {
      await using server = await serveStrakeRegistry(strake)
      const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false']
      const remote = `docker://${server.host}/from-skopeo:1`
      await ok(['skopeo', 'copy', '-q', ...insecure, `docker-archive:${archive}`, remote])
      await ok([
        'skopeo',
        'copy',
        '-q',
        ...insecure,
        remote,
        `oci:${join(strake.directory, 'back')}:app`,
      ])
      await using second = await openStrake()
      await second.ok('pull', `${server.host}/from-skopeo:1`)
      const shown = await second.ok(
        'run',
        '--rm',
        '--network',
        'none',
        `${server.host}/from-skopeo:1`,
      )
      expect(shown).toBe('text')
    },
    60_000,
  )

  test.skipIf(without('podman'))(
    'podman loads a saved image with the same ID, and runs it',
    async () => {
      const podman = podmanIn(strake)
      await ok([...podman, 'load', '-q', '-i', archive])
      const id = await ok([...podman, 'images', '--no-trunc', '--format', '{{.ID}}'])
      expect(id).toBe(imageId)
      const args = [
        '--ulimit',
        'nofile=1024:1024',
        '--ulimit',
        'nproc=1024:1024',
        '--runtime',
        'runc',
        '--network',
        'none',
        '--log-driver',
        'k8s-file',
      ]
      expect(await ok([...podman, 'run', '--rm', ...args, 'app:1'])).toBe('text')
    },
    120_000,
  )

  test.skipIf(without('podman'))(
    'an image that podman saved loads with the same ID',
    async () => {
      const podman = podmanIn(strake)
      const saved = join(strake.directory, 'podman.tar')
      await ok([...podman, 'load', '-q', '-i', archive])
      await ok([...podman, 'save', '-q', '-o', saved, 'app:1'])
      await using second = await openStrake()
      await second.ok('load', '-i', saved)
      expect(await second.ok('images', '-q', '--no-trunc')).toBe(imageId)
      const name = (await second.ok('images', '--format', 'json')).match(
        /"Repository":"([^"]+)"/,
      )?.[1]
      expect(await second.ok('run', '--rm', '--network', 'none', `${name}:1`)).toBe('text')
    },
    120_000,
  )

  test.skipIf(without('buildah'))(
    'an image that buildah built and pushed runs under strake',
    async () => {
      await using server = await serveStrakeRegistry(strake)
      const name = `${server.host}/busybox:1`
      await strake.ok('tag', 'busybox', name)
      await strake.ok('push', name)
      const storage = [
        '--root',
        join(strake.directory, 'buildah'),
        '--runroot',
        join(strake.directory, 'buildah-run'),
      ]
      const buildah = ['buildah', ...storage, '--storage-driver', 'vfs']
      const context = await writeContext(join(strake.directory, 'buildah-context'), {
        Dockerfile: `FROM ${name}\nCOPY hello /hello\nENV WORD=world\nCMD ["sh", "-c", "cat /hello; echo $WORD"]\n`,
        hello: 'hello\n',
      })
      const built = `${server.host}/by-buildah:1`
      await ok([...buildah, 'bud', '-q', '--tls-verify=false', '-t', built, context])
      await ok([...buildah, 'push', '-q', '--tls-verify=false', built])
      const shown = await strake.ok('run', '--rm', '--network', 'none', built)
      expect(shown).toBe('hello\nworld')
    },
    120_000,
  )

  test.skipIf(without('dockerd', 'docker'))(
    'docker loads a saved image with the same ID, and runs it',
    async () => {
      await using engine = await startDockerd(strake)
      await ok(['docker', 'load', '-q', '-i', archive], engine.env)
      const id = await ok(['docker', 'images', '--no-trunc', '-q', 'app:1'], engine.env)
      expect(id).toBe(imageId)
      const shown = await ok(['docker', 'run', '--rm', '--network', 'none', 'app:1'], engine.env)
      expect(shown).toBe('text')
      const saved = join(strake.directory, 'docker.tar')
      await ok(['docker', 'save', '-o', saved, 'app:1'], engine.env)
      await using second = await openStrake()
      expect(await second.ok('load', '-i', saved)).toBe('Loaded image: app:1')
      expect(await second.ok('images', '-q', '--no-trunc')).toBe(imageId)
      expect(await second.ok('run', '--rm', '--network', 'none', 'app:1')).toBe('text')
    },
    120_000,
  )
})

function podmanIn({ directory }: Strake): readonly string[] {
  const storage = ['--root', join(directory, 'podman'), '--runroot', join(directory, 'podman-run')]
  return [
    'podman',
    ...storage,
    '--storage-driver',
    'vfs',
    '--events-backend',
    'none',
    '--cgroup-manager',
    'cgroupfs',
  ]
}

/** A Docker engine of the test, without a bridge and without an effect on the machine. */
async function startDockerd({
  directory,
}: Strake): Promise<AsyncDisposable & { readonly env: Readonly<Record<string, string>> }> {
  const place = join(directory, 'dockerd')
  await mkdir(place, { recursive: true })
  const socket = `unix://${place}/docker.sock`
  const config = join(place, 'daemon.json')
  await writeFile(config, '{}')
  const options = [
    '--config-file',
    config,
    '--host',
    socket,
    '--data-root',
    join(place, 'data'),
    '--exec-root',
    join(place, 'exec'),
    '--pidfile',
    join(place, 'pid'),
    '--bridge',
    'none',
    '--iptables=false',
    '--ip6tables=false',
    '--ip-forward=false',
    '--storage-driver',
    'vfs',
  ]
  const child = Bun.spawn(['dockerd', ...options], { stdout: 'ignore', stderr: 'ignore' })
  const env = { DOCKER_HOST: socket, HOME: place }
  await until(async () => (await command(['docker', 'info'], { env })).exitCode === 0)
  return { env, [Symbol.asyncDispose]: () => end(child) }
}
