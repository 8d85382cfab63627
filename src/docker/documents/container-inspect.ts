import type { ContainerDetails, ContainerSettings } from '#container'

/** A JSON value in Docker's shape. */
export type InspectDocument = Readonly<Record<string, unknown>>

/** What `docker container inspect` prints of one container. */
export function containerDocument(details: ContainerDetails): InspectDocument {
  const { settings, directory } = details
  const [path = '', ...args] = [...settings.entrypoint, ...settings.command]
  return {
    Id: details.id,
    Created: new Date(details.createdAt).toISOString(),
    Path: path,
    Args: args,
    State: stateDocument(details),
    Image: settings.image.id,
    ResolvConfPath: `${directory}/resolv.conf`,
    HostnamePath: `${directory}/hostname`,
    HostsPath: `${directory}/hosts`,
    LogPath: details.log ?? '',
    Name: `/${details.name}`,
    RestartCount: details.state.restartCount,
    Driver: details.snapshotter,
    Platform: 'linux',
    HostConfig: hostConfigDocument(settings, details.runtime),
    Mounts: details.mounts.map(mountDocument),
    Config: configDocument(settings),
    NetworkSettings: networkDocument(details),
  }
}

function stateDocument({ state, isRunning, health }: ContainerDetails): InspectDocument {
  const time = (text: string): string => text || '0001-01-01T00:00:00Z'
  return {
    Status: state.status,
    Running: isRunning,
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: state.status === 'dead',
    Pid: isRunning ? (state.process?.pid ?? 0) : 0,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: time(state.startedAt),
    FinishedAt: time(state.finishedAt),
    ...(health === undefined ? {} : { Health: health }),
  }
}

function configDocument(settings: ContainerSettings): InspectDocument {
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

function hostConfigDocument(settings: ContainerSettings, runtime: string): InspectDocument {
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

function networkDocument({ settings, state, isRunning }: ContainerDetails): InspectDocument {
  const { network } = isRunning ? state : {}
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

function mountDocument(mount: ContainerDetails['mounts'][number]): InspectDocument {
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
