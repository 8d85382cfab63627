import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { openNamespaces } from '../docker/namespaces.ts'
import { writeBusyboxRoot } from '../e2e/busybox.ts'
import { end, until } from '../e2e/servers.ts'
import { command, openStrake, program } from '../e2e/strake.ts'
import { askRaw } from './raw.ts'

/** A server of the Engine API with an empty store. It ends with the scope. */
export interface Target extends AsyncDisposable {
  readonly name: 'strake' | 'dockerd'
  /** The path of its socket. */
  readonly socket: string
  /** A directory for files of clients, which goes with the target. */
  readonly directory: string
  readonly env: Readonly<Record<string, string>>
  /** Words before a command that uses the network of its containers. */
  readonly enter: readonly string[]
}

/** The directory of Docker's programs. */
export const dockerPrograms: string = process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers'

const path = process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin'

/** Serves a store of a test, in namespaces of its own: two tests can use one subnet at the same time. */
export async function openStrakeTarget(): Promise<Target> {
  const namespaces = await openNamespaces()
  const { enter } = namespaces
  const strake = await openStrake({}, enter)
  const socket = join(strake.directory, 'run/docker.sock')
  const child = Bun.spawn([...enter, program, 'system', 'serve'], {
    env: { PATH: path, ...strake.env },
    stdout: 'ignore',
    stderr: Bun.file(join(strake.directory, 'serve.log')),
  })
  await untilServed(socket)
  return {
    name: 'strake',
    socket,
    directory: strake.directory,
    env: clientEnvironment(strake.directory, socket),
    enter,
    async [Symbol.asyncDispose]() {
      await end(child)
      await strake[Symbol.asyncDispose]()
      await namespaces[Symbol.asyncDispose]()
    },
  }
}

/**
 * Starts Docker with containerd. The caller is in namespaces of mounts, processes and the network
 * of its own, so that nothing of it stays.
 */
export async function openDockerTarget(): Promise<Target> {
  const directory = await mkdtemp('/dev/shm/dockerd-')
  const place = (name: string): string => join(directory, name)
  const env = {
    PATH: `${dockerPrograms}:${path}`,
    // It speaks the old versions, which some clients name.
    DOCKER_MIN_API_VERSION: '1.24',
    TMPDIR: '/dev/shm',
  }
  const spawn = (argv: readonly string[], log: string): Bun.Subprocess =>
    Bun.spawn([...argv], { env, stdout: 'ignore', stderr: Bun.file(place(log)) })
  await Bun.write(
    place('containerd.toml'),
    `version = 3\nroot = '${place('containerd')}'\nstate = '${place('containerd-run')}'\n[grpc]\naddress = '${place('containerd.sock')}'\n`,
  )
  // Not the configuration of this machine's Docker.
  await Bun.write(place('daemon.json'), '{}')
  const containerd = spawn(
    [join(dockerPrograms, 'containerd'), '--config', place('containerd.toml')],
    'containerd.log',
  )
  await until(() =>
    Bun.file(place('containerd.sock'))
      .stat()
      .then(() => true),
  )
  const socket = place('docker.sock')
  const dockerd = spawn(
    [
      ...[join(dockerPrograms, 'dockerd'), '--config-file', place('daemon.json')],
      ...['--host', `unix://${socket}`, '--data-root', place('data'), '--exec-root', place('run')],
      ...['--pidfile', place('pid'), '--containerd', place('containerd.sock')],
      ...['--cgroup-parent', '/strake-clients', '--bip', '172.29.0.1/16'],
      ...['--default-address-pool', 'base=172.30.0.0/16,size=24'],
    ],
    'dockerd.log',
  )
  await untilServed(socket).catch(async () => {
    throw new Error(`dockerd did not start: ${await Bun.file(place('dockerd.log')).text()}`)
  })
  return {
    name: 'dockerd',
    socket,
    directory,
    env: clientEnvironment(directory, socket),
    enter: [],
    async [Symbol.asyncDispose]() {
      await end(dockerd)
      await end(containerd)
      await command(['umount', '-R', directory])
      await rm(directory, { recursive: true, force: true }).catch(() => {})
    },
  }
}

async function untilServed(socket: string): Promise<void> {
  await until(async () => (await askRaw(socket, { method: 'GET', path: '/_ping' })).status === 200)
}

function clientEnvironment(directory: string, socket: string): Readonly<Record<string, string>> {
  return {
    PATH: `${dockerPrograms}:${path}`,
    HOME: join(directory, 'home'),
    DOCKER_CONFIG: join(directory, 'config'),
    DOCKER_HOST: `unix://${socket}`,
  }
}

/** Imports Debian's static busybox through the API, as `busybox:latest`. */
export async function importBase(target: Target, name = 'busybox'): Promise<void> {
  const root = join(target.directory, 'busybox-root')
  await mkdir(target.env['HOME'] ?? '', { recursive: true })
  await writeBusyboxRoot(root)
  const archive = `${root}.tar`
  const packed = await command([
    ...['tar', '-C', root, '--numeric-owner', '--owner=0', '--group=0', '-cf', archive, '.'],
  ])
  if (packed.exitCode !== 0) throw new Error(packed.stderr)
  const answer = await askRaw(target.socket, {
    method: 'POST',
    path: `/images/create?fromSrc=-&repo=${name}&changes=${encodeURIComponent('CMD ["sh"]')}`,
    body: new Uint8Array(await Bun.file(archive).arrayBuffer()),
  })
  const text = new TextDecoder().decode(answer.body)
  if (answer.status !== 200 || text.includes('"error"')) throw new Error(`import: ${text}`)
}
