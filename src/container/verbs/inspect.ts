import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import type { ContainerSettings } from '../model/settings.ts'
import { readJson } from '../model/state.ts'
import type { HealthState } from '../monitor/health.ts'
import type { ResolvedMount } from '../setup/volumes.ts'

/** A JSON value in Docker's shape. */
export type InspectDocument = Readonly<Record<string, unknown>>

/** `docker container inspect` of one container. Throws `NOT_FOUND`. */
export function inspectContainer(context: ContainerContext, nameOrId: string): InspectDocument {
  const container = getContainer(context, nameOrId)
  const { id, name, createdAt, settings, state } = container
  const paths = containerPaths(context, id)
  const [path = '', ...args] = [...settings.entrypoint, ...settings.command]
  return {
    Id: id,
    Created: new Date(createdAt).toISOString(),
    Path: path,
    Args: args,
    State: inspectState(context, container),
    Image: settings.image.id,
    ResolvConfPath: `${paths.directory}/resolv.conf`,
    HostnamePath: `${paths.directory}/hostname`,
    HostsPath: `${paths.directory}/hosts`,
    LogPath: settings.log.driver === 'none' ? '' : paths.log,
    Name: `/${name}`,
    RestartCount: state.restartCount,
    Driver: context.snapshots.kind,
    Platform: 'linux',
    HostConfig: inspectHostConfig(settings, context.runtime.name),
    Mounts: readMounts(paths.directory).map(inspectMount),
    Config: inspectConfig(settings),
    NetworkSettings: inspectNetwork(container),
  }
}

function inspectState(context: ContainerContext, container: Container): InspectDocument {
  const { state } = container
  const health = readHealth(context, container)
  const time = (text: string): string => text || '0001-01-01T00:00:00Z'
  return {
    Status: state.status,
    Running: isRunning(container),
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: state.status === 'dead',
    Pid: isRunning(container) ? (state.process?.pid ?? 0) : 0,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: time(state.startedAt),
    FinishedAt: time(state.finishedAt),
    ...(health === undefined ? {} : { Health: health }),
  }
}

/** How a container's health checks went; `undefined` without one. */
export function readHealth(
  context: Pick<ContainerContext, 'root' | 'run'>,
  { id, settings }: Pick<Container, 'id' | 'settings'>,
): HealthState | undefined {
  if (settings.health === undefined) return undefined
  const state = readJson(containerPaths(context, id).health)
  return { Status: 'starting', FailingStreak: 0, Log: [], ...state }
}

function inspectConfig(settings: ContainerSettings): InspectDocument {
  return {
    Hostname: settings.hostname,
    User: settings.user,
    Tty: settings.tty,
    AttachStdin: settings.stdinOnce,
    OpenStdin: settings.interactive,
    StdinOnce: settings.stdinOnce,
    ExposedPorts: Object.fromEntries(settings.exposed.map((port) => [port, {}])),
    Env: settings.env,
    Cmd: settings.command.length === 0 ? null : settings.command,
    Entrypoint: settings.entrypoint.length === 0 ? null : settings.entrypoint,
    Image: settings.image.reference,
    WorkingDir: settings.workingDir,
    Labels: settings.labels,
    StopSignal: settings.stopSignal,
    StopTimeout: settings.stopTimeout,
    ...(settings.health === undefined ? {} : { Healthcheck: settings.health }),
  }
}

function inspectHostConfig(settings: ContainerSettings, runtime: string): InspectDocument {
  const { resources, security } = settings
  return {
    Binds: settings.mounts
      .filter(({ type, source }) => type !== 'tmpfs' && source !== undefined)
      .map(({ source, destination, readOnly }) =>
        [source, destination, ...(readOnly ? ['ro'] : [])].join(':'),
      ),
    NetworkMode: settings.network,
    PortBindings: portMap(settings.ports.map((port) => ({ hostIp: '', ...port }))),
    RestartPolicy: {
      Name: settings.restart.name,
      MaximumRetryCount: settings.restart.maximumRetryCount,
    },
    AutoRemove: settings.remove,
    LogConfig: {
      Type: settings.log.driver,
      Config: { 'max-size': `${settings.log.maxSize}`, 'max-file': `${settings.log.maxFile}` },
    },
    CapAdd: security.add ?? null,
    CapDrop: security.drop ?? null,
    Privileged: security.privileged ?? false,
    ReadonlyRootfs: settings.readOnly,
    SecurityOpt: securityOptions(settings),
    Dns: settings.dns,
    DnsOptions: settings.dnsOptions,
    DnsSearch: settings.dnsSearch,
    ExtraHosts: settings.extraHosts.map(({ name, ip }) => `${name}:${ip}`),
    GroupAdd: settings.groupAdd,
    IpcMode: settings.ipc,
    PidMode: settings.pid === 'host' ? 'host' : '',
    OomScoreAdj: settings.oomScoreAdj,
    ShmSize: settings.shmSize,
    Sysctls: settings.sysctls,
    Runtime: runtime,
    Init: settings.init,
    Memory: resources.memory ?? 0,
    MemorySwap: resources.memorySwap ?? 2 * (resources.memory ?? 0),
    MemoryReservation: resources.memoryReservation ?? 0,
    NanoCpus: Math.round((resources.cpus ?? 0) * 1e9),
    CpuShares: resources.cpuShares ?? 0,
    CpuPeriod: resources.cpuPeriod ?? 0,
    CpuQuota: resources.cpuQuota ?? 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    PidsLimit: resources.pids ?? 2048,
    Ulimits: settings.rlimits.map(({ type, soft, hard }) => ({
      ...{ Name: type.replace(/^RLIMIT_/, '').toLowerCase(), Soft: soft, Hard: hard },
    })),
  }
}

function securityOptions({ security }: ContainerSettings): readonly string[] {
  const { noNewPrivileges, seccomp, maskPaths } = security
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccomp === undefined
      ? []
      : [seccomp === 'unconfined' ? 'seccomp=unconfined' : `seccomp=${JSON.stringify(seccomp)}`]),
    ...(maskPaths === false ? ['systempaths=unconfined'] : []),
  ]
}

function inspectNetwork(container: Container): InspectDocument {
  const { settings, state } = container
  const { network } = isRunning(container) ? state : {}
  const endpoint = {
    Gateway: network?.gateway ?? '',
    IPAddress: network?.ip ?? '',
    IPPrefixLen: network?.prefix ?? 0,
    MacAddress: network?.mac ?? '',
  }
  const unpublished = Object.fromEntries(settings.exposed.map((port) => [port, null]))
  return {
    ...endpoint,
    Ports: { ...unpublished, ...portMap(network?.ports ?? []) },
    Networks: { [settings.network]: endpoint },
  }
}

interface PortBinding {
  readonly hostIp: string
  readonly hostPort: number
  readonly containerPort: number
  readonly protocol: string
}

function portMap(ports: readonly PortBinding[]): InspectDocument {
  const map: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const { hostIp, hostPort, containerPort, protocol } of ports) {
    const key = `${containerPort}/${protocol}`
    map[key] = [...(map[key] ?? []), { HostIp: hostIp, HostPort: `${hostPort || ''}` }]
  }
  return map
}

function readMounts(directory: string): readonly ResolvedMount[] {
  const document: { mounts?: readonly ResolvedMount[] } | undefined = readJson(
    `${directory}/mounts.json`,
  )
  return document?.mounts ?? []
}

function inspectMount(mount: ResolvedMount): InspectDocument {
  return {
    Type: mount.kind,
    ...(mount.name === undefined ? {} : { Name: mount.name, Driver: 'local' }),
    Source: mount.kind === 'tmpfs' ? '' : mount.source,
    Destination: mount.destination,
    Mode: '',
    RW: !mount.readOnly,
    Propagation: mount.kind === 'tmpfs' ? '' : (mount.propagation ?? 'rprivate'),
  }
}
