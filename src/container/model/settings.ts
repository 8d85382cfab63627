import type { NetworkKind, PortRequest } from '#network'
import { defaultNetwork } from '#network/model'
import { type Healthcheck, type RunConfig, StrakeError } from '#oci'
import type { IpcMode, ResourceOptions, Rlimit, SecurityOptions } from '#runtime'
import type { MountRequest, VolumesFrom } from './mount-request.ts'
import type {
  ContainerImage,
  ContainerOptions,
  LogOptions,
  NetworkChoice,
  RestartPolicy,
} from './options.ts'

/** The options of a container merged with its image, as its record keeps them. */
export interface ContainerSettings {
  readonly version: 1
  readonly image: Omit<ContainerImage, 'config'>
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly env: readonly string[]
  readonly workingDir: string
  readonly user: string
  readonly groupAdd: readonly string[]
  readonly hostname: string
  readonly tty: boolean
  readonly interactive: boolean
  readonly stdinOnce: boolean
  readonly remove: boolean
  readonly restart: RestartPolicy
  readonly labels: Readonly<Record<string, string>>
  readonly stopSignal: string
  readonly stopTimeout: number
  readonly init: boolean
  readonly readOnly: boolean
  readonly security: SecurityOptions
  readonly resources: ResourceOptions
  readonly sysctls: Readonly<Record<string, string>>
  readonly rlimits: readonly Rlimit[]
  readonly oomScoreAdj: number
  readonly mounts: readonly MountRequest[]
  readonly volumesFrom?: readonly VolumesFrom[] | undefined
  readonly shmSize: number
  readonly network: NetworkKind
  /** IDs of the containers whose network, PID and IPC namespace it joins. */
  readonly networkOf?: string | undefined
  readonly pidOf?: string | undefined
  readonly ipcOf?: string | undefined
  /** By their names; absent for the default network alone. */
  readonly networks?: readonly NetworkChoice[] | undefined
  readonly ip?: string | undefined
  readonly ports: readonly PortRequest[]
  /** `80/tcp`: the ports that the image and `--expose` expose. */
  readonly exposed: readonly string[]
  readonly publishAll: boolean
  /** Places of anonymous volumes that the image or the user asks for. */
  readonly volumes: readonly string[]
  readonly extraHosts: NonNullable<ContainerOptions['extraHosts']>
  readonly dns: readonly string[]
  readonly dnsSearch: readonly string[]
  readonly dnsOptions: readonly string[]
  readonly pid: 'private' | 'host'
  readonly ipc: IpcMode
  readonly uts?: 'private' | 'host' | undefined
  readonly cgroupns?: 'private' | 'host' | undefined
  readonly runtime?: ContainerOptions['runtime']
  readonly cdiDevices?: ContainerOptions['cdiDevices']
  /** The group that holds that of the container: `/builds`. */
  readonly cgroupParent?: string | undefined
  readonly domainname?: string | undefined
  readonly annotations?: ContainerOptions['annotations']
  readonly attached?: ContainerOptions['attached']
  readonly health?: Healthcheck | undefined
  readonly healthAction?: ContainerOptions['healthAction']
  /** The shell of the image, for the shell form of a health check. */
  readonly shell: readonly string[]
  readonly log: LogSettings
}

/** Where the output of a container goes. */
export type LogSettings = LogOptions & {
  readonly [Key in 'driver' | 'maxSize' | 'maxFile']-?: NonNullable<LogOptions[Key]>
}

type NetworkSettings = Pick<ContainerSettings, 'network' | 'networkOf' | 'networks' | 'ip'>

/** Returns the networks that a container joins: none for the kinds `host` and `none`. */
export function networksOf({ network, networks, ip }: NetworkSettings): readonly NetworkChoice[] {
  if (network !== 'bridge') return []
  return networks ?? [{ name: defaultNetwork, ip }]
}

/** The names of a container's networks, as lists show them. */
export function networkNames(settings: NetworkSettings): readonly string[] {
  if (settings.networkOf !== undefined) return [`container:${settings.networkOf}`]
  if (settings.network !== 'bridge') return [settings.network]
  return networksOf(settings).map(({ name }) => name)
}

/** The variable that a container without a search path gets. */
export const searchPath: string =
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const megabyte = 1024 * 1024

/** Merges the options of a user with the image. Throws `INVALID` for options that exclude each other. */
export function mergeSettings(id: string, options: ContainerOptions): ContainerSettings {
  const image = options.image.config
  const hostname = options.hostname || usualHostname(id, options)
  const restart = options.restart ?? { name: 'no', maximumRetryCount: 0 }
  if (options.remove && restart.name !== 'no') {
    throw new StrakeError('INVALID', 'Cannot use --rm with --restart: they exclude each other')
  }
  const workingDir = options.workingDir || image.WorkingDir || '/'
  if (!workingDir.startsWith('/')) {
    throw new StrakeError(
      'INVALID',
      `Cannot use working directory ${workingDir}: it is not absolute`,
    )
  }
  const { config, ...identity } = options.image
  const health = healthOf(image.Healthcheck, options.health)
  return {
    version: 1,
    image: identity,
    ...commandOf(options),
    env: mergeEnv(
      [searchPath, `HOSTNAME=${hostname}`, ...(options.tty ? ['TERM=xterm'] : [])],
      image.Env ?? [],
      options.env ?? [],
    ),
    workingDir,
    user: options.user || image.User || '',
    groupAdd: options.groupAdd ?? [],
    hostname,
    tty: options.tty ?? false,
    interactive: options.interactive ?? false,
    stdinOnce: options.stdinOnce ?? options.interactive ?? false,
    remove: options.remove ?? false,
    restart,
    labels: { ...image.Labels, ...options.labels },
    stopSignal: options.stopSignal || image.StopSignal || 'SIGTERM',
    stopTimeout: options.stopTimeout ?? 10,
    init: options.init ?? false,
    readOnly: options.readOnly ?? false,
    security: options.security ?? {},
    resources: options.resources ?? {},
    sysctls: options.sysctls ?? {},
    rlimits: options.rlimits ?? [],
    oomScoreAdj: options.oomScoreAdj ?? 0,
    mounts: withVolumes(options.mounts ?? [], image),
    volumesFrom: options.volumesFrom,
    shmSize: options.shmSize || 64 * megabyte,
    network: options.network ?? 'bridge',
    networkOf: options.networkOf,
    pidOf: options.pidOf,
    ipcOf: options.ipcOf,
    networks: options.networks,
    ip: options.ip,
    ports: portsOf(options),
    exposed: [...new Set(exposedPorts(options))],
    publishAll: options.publishAll ?? false,
    volumes: declaredVolumes(options),
    extraHosts: options.extraHosts ?? [],
    dns: options.dns ?? [],
    dnsSearch: options.dnsSearch ?? [],
    dnsOptions: options.dnsOptions ?? [],
    pid: options.pid ?? 'private',
    ipc: options.ipc ?? 'private',
    uts: options.uts,
    cgroupns: options.cgroupns,
    runtime: options.runtime,
    cdiDevices: options.cdiDevices,
    cgroupParent: options.cgroupParent,
    domainname: options.domainname,
    annotations: options.annotations,
    attached: options.attached,
    health,
    healthAction: options.healthAction,
    shell: image.Shell ?? ['/bin/sh', '-c'],
    log: logOf(options.log),
  }
}

function logOf({ driver = 'json-file', ...limits }: LogOptions = {}): ContainerSettings['log'] {
  const isLocal = driver === 'local'
  const { maxSize = (isLocal ? 20 : 10) * megabyte, maxFile = isLocal ? 5 : 3 } = limits
  const { labels, env, tag, bufferSize } = limits
  const chosen = { ...(labels && { labels }), ...(env && { env }), ...(tag && { tag }) }
  return { driver, maxSize, maxFile, ...chosen, ...(bufferSize && { bufferSize }) }
}

function usualHostname(id: string, { uts }: ContainerOptions): string {
  return uts === 'host' ? process.getBuiltinModule('node:os').hostname() : id.slice(0, 12)
}

function commandOf(options: ContainerOptions): Pick<ContainerSettings, 'entrypoint' | 'command'> {
  const image = options.image.config
  const entrypoint = options.entrypoint ?? image.Entrypoint ?? []
  // The arguments of the image belong to its entrypoint, so a new entrypoint drops them.
  const inherited = options.entrypoint === undefined ? (image.Cmd ?? []) : []
  const command = options.command?.length ? options.command : inherited
  if (entrypoint.length + command.length === 0) {
    throw new StrakeError(
      'INVALID',
      `Cannot create a container of ${options.image.reference}: the image names no command`,
      { remedy: 'write the command after the image' },
    )
  }
  return { entrypoint, command }
}

/** Merges lists of variables. Later values win, each name keeps its first place, and a bare name removes it. */
export function mergeEnv(...lists: readonly (readonly string[])[]): readonly string[] {
  const merged = new Map<string, string>()
  for (const entry of lists.flat()) {
    const equals = entry.indexOf('=')
    if (equals === -1) merged.delete(entry)
    else merged.set(entry.slice(0, equals), entry.slice(equals + 1))
  }
  return [...merged].map(([name, value]) => `${name}=${value}`)
}

/** An image's VOLUME becomes an anonymous volume unless something else is mounted there. */
function withVolumes(mounts: readonly MountRequest[], image: RunConfig): readonly MountRequest[] {
  const taken = new Set(mounts.map(({ destination }) => destination))
  const volumes = volumesOf(image).filter((path) => !taken.has(path))
  return [
    ...mounts,
    ...volumes.map((destination): MountRequest => ({ type: 'volume', destination })),
  ]
}

function volumesOf(image: RunConfig): readonly string[] {
  return Object.keys(image.Volumes ?? {})
    .map((path) => `/${path.split('/').filter(Boolean).join('/')}`)
    .filter((path) => path !== '/')
}

function declaredVolumes({ image, mounts = [] }: ContainerOptions): readonly string[] {
  const anonymous = mounts.filter(({ type, source }) => type === 'volume' && source === undefined)
  return [
    ...new Set([...volumesOf(image.config), ...anonymous.map(({ destination }) => destination)]),
  ]
}

function exposedPorts({ image, expose = [] }: ContainerOptions): readonly string[] {
  return [...Object.keys(image.config.ExposedPorts ?? {}), ...expose]
}

function portsOf(options: ContainerOptions): readonly PortRequest[] {
  const asked = options.ports ?? []
  if (!options.publishAll) return asked
  const exposed = exposedPorts(options).flatMap(parseExposed)
  const published = new Set(asked.map((port) => `${port.containerPort}/${port.protocol}`))
  return [
    ...asked,
    ...exposed.filter((port) => !published.has(`${port.containerPort}/${port.protocol}`)),
  ]
}

/** The port that an image exposes. As in Docker, a malformed one is ignored. */
function parseExposed(text: string): readonly PortRequest[] {
  const [, digits = '', word = 'tcp'] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text) ?? []
  const lower = word.toLowerCase()
  const protocol = lower === 'udp' || lower === 'sctp' ? lower : 'tcp'
  const containerPort = Number(digits)
  if (digits === '' || containerPort < 1 || containerPort > 65535) return []
  return [{ hostPort: 0, containerPort, protocol }]
}

function healthOf(
  image: Healthcheck | undefined,
  overrides: Healthcheck | undefined,
): Healthcheck | undefined {
  const merged = { ...image, ...overrides }
  const test = merged.Test ?? []
  return test.length === 0 || test[0] === 'NONE' ? undefined : merged
}
