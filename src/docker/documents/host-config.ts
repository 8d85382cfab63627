import {
  type ContainerSettings,
  type MountRequest,
  type NetworkChoice,
  networkNames,
  networksOf,
} from '#container'
import { cgroupNamespace, type DeviceLimit, protectedPaths } from '#runtime'
import { listOrNull } from './container-config.ts'
import { formatBind, formatTmpfs, mountSpec } from './container-mounts.ts'
import { portMap } from './container-network.ts'
import type { InspectDocument } from './document.ts'

/** `HostConfig`: the settings that depend on this machine. Members for other systems have Docker's defaults. */
export function hostConfigDocument(
  settings: ContainerSettings,
  { name, runtime }: { readonly name: string; readonly runtime: string },
): InspectDocument {
  const { security, mounts } = settings
  const hidden = protectedPaths(security)
  return {
    Binds: listOrNull(mounts.flatMap(formatBind)),
    ContainerIDFile: '',
    LogConfig: {
      Type: settings.log.driver,
      Config: logConfig(settings),
    },
    NetworkMode: networkNames(settings)[0] ?? settings.network,
    PortBindings: portMap(settings.ports.map((port) => ({ hostIp: '', ...port }))),
    RestartPolicy: {
      Name: settings.restart.name,
      MaximumRetryCount: settings.restart.maximumRetryCount,
    },
    AutoRemove: settings.remove,
    VolumeDriver: '',
    VolumesFrom: settings.volumesFrom?.map(({ text }) => text) ?? null,
    ConsoleSize: [0, 0],
    ...(settings.annotations === undefined ? {} : { Annotations: settings.annotations }),
    CapAdd: security.add ?? null,
    CapDrop: security.drop ?? null,
    CgroupnsMode: cgroupNamespace(settings.cgroupns, security.privileged),
    Dns: listOrNull(settings.dns),
    DnsOptions: settings.dnsOptions,
    DnsSearch: settings.dnsSearch,
    ExtraHosts: listOrNull(settings.extraHosts.map(({ name, ip }) => `${name}:${ip}`)),
    GroupAdd: listOrNull(settings.groupAdd),
    IpcMode: settings.ipcOf === undefined ? settings.ipc : `container:${settings.ipcOf}`,
    Cgroup: '',
    Links: listOrNull(linksOf(settings).map((link) => `/${link.name}:/${name}/${link.alias}`)),
    OomScoreAdj: settings.oomScoreAdj,
    PidMode: pidMode(settings),
    Privileged: security.privileged ?? false,
    PublishAllPorts: settings.publishAll,
    ReadonlyRootfs: settings.readOnly,
    SecurityOpt: listOrNull(securityOptions(settings)),
    ...tmpfsMember(mounts),
    UTSMode: settings.uts === 'host' ? 'host' : '',
    UsernsMode: '',
    ShmSize: settings.shmSize,
    ...(Object.keys(settings.sysctls).length === 0 ? {} : { Sysctls: settings.sysctls }),
    Runtime: runtime,
    Isolation: '',
    ...resourceMembers(settings),
    ...mountMembers(mounts),
    MaskedPaths: hidden?.maskedPaths ?? null,
    ReadonlyPaths: hidden?.readonlyPaths ?? null,
    ...(settings.init ? { Init: true } : {}),
  }
}

function logConfig({ log }: ContainerSettings): Readonly<Record<string, string>> {
  const limits = { 'max-size': formatLogSize(log.maxSize), 'max-file': `${log.maxFile}` }
  return {
    ...(log.driver === 'journald' ? {} : limits),
    ...(log.bufferSize && {
      mode: 'non-blocking',
      'max-buffer-size': formatLogSize(log.bufferSize),
    }),
    ...(log.tag && { tag: log.tag }),
    ...(log.labels && { labels: log.labels.join(',') }),
    ...(log.env && { env: log.env.join(',') }),
  }
}

/** As a user types it: `10m`. */
function formatLogSize(bytes: number): string {
  const unit = [...'gmk'].findIndex((_, index) => bytes % 1024 ** (3 - index) === 0)
  return unit < 0 || bytes === 0 ? `${bytes}` : `${bytes / 1024 ** (3 - unit)}${'gmk'[unit]}`
}

function linksOf(settings: ContainerSettings): NonNullable<NetworkChoice['links']> {
  return networksOf(settings).find(({ name }) => name === 'bridge')?.links ?? []
}

function pidMode({ pid, pidOf }: ContainerSettings): string {
  if (pidOf !== undefined) return `container:${pidOf}`
  return pid === 'host' ? 'host' : ''
}

/** As in Docker, the member is absent without a `--mount`. */
function mountMembers(mounts: readonly MountRequest[]): InspectDocument {
  const specs = mounts.flatMap(mountSpec)
  return specs.length === 0 ? {} : { Mounts: specs }
}

/** As in Docker, the member is absent without a `--tmpfs`. */
function tmpfsMember(mounts: readonly MountRequest[]): InspectDocument {
  const places = mounts.flatMap(formatTmpfs)
  return places.length === 0 ? {} : { Tmpfs: Object.fromEntries(places) }
}

const defaultPids = 2048

function resourceMembers(settings: ContainerSettings): InspectDocument {
  const { resources, security, rlimits } = settings
  const { memory = 0 } = resources
  return {
    CpuShares: resources.cpuShares ?? 0,
    Memory: memory,
    NanoCpus: Math.round((resources.cpus ?? 0) * 1e9),
    CgroupParent: settings.cgroupParent ?? '',
    BlkioWeight: resources.blkioWeight ?? 0,
    BlkioWeightDevice: (resources.blkioWeightDevices ?? []).map(({ path, value }) => ({
      Path: path,
      Weight: value,
    })),
    BlkioDeviceReadBps: rates(resources.deviceReadBps),
    BlkioDeviceWriteBps: rates(resources.deviceWriteBps),
    BlkioDeviceReadIOps: rates(resources.deviceReadIops),
    BlkioDeviceWriteIOps: rates(resources.deviceWriteIops),
    CpuPeriod: resources.cpuPeriod ?? 0,
    CpuQuota: resources.cpuQuota ?? 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    Devices: (security.devices ?? []).map(({ source, destination, access }) => ({
      PathOnHost: source,
      PathInContainer: destination,
      CgroupPermissions: access,
    })),
    DeviceCgroupRules: security.rules ?? null,
    DeviceRequests: deviceRequests(settings),
    MemoryReservation: resources.memoryReservation ?? 0,
    MemorySwap: resources.memorySwap || 2 * memory,
    MemorySwappiness: resources.memorySwappiness ?? null,
    OomKillDisable: resources.oomKillDisable ?? null,
    PidsLimit: resources.pids ?? defaultPids,
    Ulimits: listOrNull(
      rlimits.map(({ type, soft, hard }) => ({
        Name: type.replace(/^RLIMIT_/, '').toLowerCase(),
        Soft: soft,
        Hard: hard,
      })),
    ),
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
  }
}

function deviceRequests({ cdiDevices }: ContainerSettings): readonly InspectDocument[] | null {
  if (cdiDevices === undefined) return null
  const request = {
    Driver: 'cdi',
    Count: 0,
    DeviceIDs: cdiDevices,
    Capabilities: null,
    Options: null,
  }
  return [request]
}

function rates(limits: readonly DeviceLimit[] = []): readonly InspectDocument[] {
  return limits.map(({ path, value }) => ({ Path: path, Rate: value }))
}

function securityOptions({ security }: ContainerSettings): readonly string[] {
  const { apparmor, noNewPrivileges, seccomp, maskPaths, privileged } = security
  const profile = typeof seccomp === 'object' ? JSON.stringify(seccomp) : seccomp
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(apparmor === undefined ? [] : [`apparmor=${apparmor}`]),
    ...(profile === undefined ? [] : [`seccomp=${profile}`]),
    ...(maskPaths === false ? ['systempaths=unconfined'] : []),
    // Docker takes the label of SELinux from every privileged container.
    ...(privileged ? ['label=disable'] : []),
  ]
}
