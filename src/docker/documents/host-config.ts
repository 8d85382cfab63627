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
    Dns: settings.dns,
    DnsOptions: settings.dnsOptions,
    DnsSearch: settings.dnsSearch,
    ExtraHosts: listOrNull(settings.extraHosts.map(({ name, ip }) => `${name}:${ip}`)),
    GroupAdd: listOrNull(settings.groupAdd),
    IpcMode: settings.ipc,
    Cgroup: '',
    Links: listOrNull(linksOf(settings).map((link) => `/${link.name}:/${name}/${link.alias}`)),
    OomScoreAdj: settings.oomScoreAdj,
    PidMode: pidMode(settings),
    Privileged: security.privileged ?? false,
    PublishAllPorts: settings.publishAll,
    ReadonlyRootfs: settings.readOnly,
    SecurityOpt: listOrNull(securityOptions(settings)),
    Tmpfs: tmpfsOf(mounts),
    UTSMode: settings.uts === 'host' ? 'host' : '',
    UsernsMode: '',
    ShmSize: settings.shmSize,
    Sysctls: settings.sysctls,
    Runtime: runtime,
    Isolation: '',
    ...resourceMembers(settings),
    ...mountMembers(mounts),
    MaskedPaths: hidden?.maskedPaths ?? null,
    ReadonlyPaths: hidden?.readonlyPaths ?? null,
    Init: settings.init,
  }
}

function logConfig({ log }: ContainerSettings): Readonly<Record<string, string>> {
  return {
    'max-size': `${log.maxSize}`,
    'max-file': `${log.maxFile}`,
    ...(log.labels && { labels: log.labels.join(',') }),
    ...(log.env && { env: log.env.join(',') }),
  }
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

function tmpfsOf(mounts: readonly MountRequest[]): Readonly<Record<string, string>> {
  return Object.fromEntries(mounts.flatMap(formatTmpfs))
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
    Ulimits: rlimits.map(({ type, soft, hard }) => ({
      Name: type.replace(/^RLIMIT_/, '').toLowerCase(),
      Soft: soft,
      Hard: hard,
    })),
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
  const { noNewPrivileges, seccomp, maskPaths } = security
  const profile = typeof seccomp === 'object' ? JSON.stringify(seccomp) : seccomp
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(profile === undefined ? [] : [`seccomp=${profile}`]),
    ...(maskPaths === false ? ['systempaths=unconfined'] : []),
  ]
}
