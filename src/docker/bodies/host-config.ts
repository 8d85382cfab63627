import type { ContainerOptions } from '#container'
import { StrakeError } from '#oci'
import type { ContainerRequest } from '../flags/container-flags.ts'
import { parseSecurityOptions } from '../flags/security-options.ts'
import { type Fields, member, object, objects, textLists, textMap, texts } from './fields.ts'
import { checkLimits } from './limit-checks.ts'

/** The members of `HostConfig` that have the grammar of flags. */
export function hostTexts(host: Fields): ContainerRequest {
  const log = object(host, 'LogConfig') ?? {}
  const restart = object(host, 'RestartPolicy') ?? {}
  const name = member(restart, 'Name', 'string') || undefined
  const count = member(restart, 'MaximumRetryCount', 'number') || undefined
  return {
    tmpfs: pairs(textMap(host, 'Tmpfs'), ':'),
    volumesFrom: texts(host, 'VolumesFrom'),
    restart: name === undefined || count === undefined ? name : `${name}:${count}`,
    ulimits: objects(host, 'Ulimits')?.map(ulimitText),
    devices: objects(host, 'Devices')?.map(deviceText),
    gpus: objects(host, 'DeviceRequests')?.flatMap(gpuText),
    addHosts: texts(host, 'ExtraHosts'),
    sysctls: pairs(textMap(host, 'Sysctls'), '='),
    logDriver: member(log, 'Type', 'string') || undefined,
    logOptions: pairs(textMap(log, 'Config'), '='),
  }
}

function pairs(
  map: Readonly<Record<string, string>> | undefined,
  between: string,
): readonly string[] | undefined {
  if (map === undefined) return undefined
  return Object.entries(map).map(([key, value]) =>
    value === '' ? key : `${key}${between}${value}`,
  )
}

function ulimitText(limit: Fields): string {
  const [soft = 0, hard = 0] = [member(limit, 'Soft', 'number'), member(limit, 'Hard', 'number')]
  return `${member(limit, 'Name', 'string') ?? ''}=${soft}:${hard}`
}

function deviceText(device: Fields): string {
  const source = member(device, 'PathOnHost', 'string') ?? ''
  const destination = member(device, 'PathInContainer', 'string') || source
  return `${source}:${destination}:${member(device, 'CgroupPermissions', 'string') || 'rwm'}`
}

/** Devices that CDI names. Throws `INVALID` for a driver that this program has not. */
function gpuText(request: Fields): readonly string[] {
  const driver = member(request, 'Driver', 'string') ?? ''
  const names = texts(request, 'DeviceIDs') ?? []
  const count = member(request, 'Count', 'number') ?? 0
  const capabilities = textLists(request, 'Capabilities')
  const isGpu = capabilities.some((set) => set.includes('gpu'))
  if (driver !== 'cdi' && !(isGpu && ['', 'nvidia'].includes(driver))) {
    const sets = capabilities.map((set) => `[${set.join(' ')}]`).join(' ')
    throw new StrakeError(
      'INVALID',
      `could not select device driver "${driver}" with capabilities: [${sets}]`,
    )
  }
  if (names.length > 0) return [`driver=${driver},"device=${names.join(',')}"`]
  return count === 0 ? [] : [`${count}`]
}

/** The rights of the container. A seccomp profile is in the body; no file of this machine is read. */
export function readSecurity(host: Fields): NonNullable<ContainerOptions['security']> {
  const words = texts(host, 'SecurityOpt') ?? []
  return {
    ...parseSecurityOptions(words, (profile) => new TextEncoder().encode(profile)),
    privileged: member(host, 'Privileged', 'boolean'),
    add: texts(host, 'CapAdd'),
    drop: texts(host, 'CapDrop'),
    rules: texts(host, 'DeviceCgroupRules'),
  }
}

/** The limits of `HostConfig`, also those of `POST /containers/{id}/update`. 0 means no limit of one's own. */
export function readResources(host: Fields): NonNullable<ContainerOptions['resources']> {
  const whole = (name: string): number | undefined => member(host, name, 'number') || undefined
  const nano = whole('NanoCpus')
  checkLimits(host)
  const quota = whole('CpuQuota') ?? 0
  return {
    memory: whole('Memory'),
    memorySwap: whole('MemorySwap'),
    memoryReservation: whole('MemoryReservation'),
    memorySwappiness: member(host, 'MemorySwappiness', 'number'),
    oomKillDisable: member(host, 'OomKillDisable', 'boolean') || undefined,
    cpus: nano === undefined ? undefined : nano / 1e9,
    cpuShares: whole('CpuShares'),
    cpuPeriod: whole('CpuPeriod'),
    // Docker takes a negative one for none.
    cpuQuota: quota > 0 ? quota : undefined,
    cpusetCpus: member(host, 'CpusetCpus', 'string') || undefined,
    cpusetMems: member(host, 'CpusetMems', 'string') || undefined,
    pids: whole('PidsLimit'),
    blkioWeight: whole('BlkioWeight'),
    blkioWeightDevices: deviceLimits(host, 'BlkioWeightDevice', 'Weight'),
    deviceReadBps: deviceLimits(host, 'BlkioDeviceReadBps', 'Rate'),
    deviceWriteBps: deviceLimits(host, 'BlkioDeviceWriteBps', 'Rate'),
    deviceReadIops: deviceLimits(host, 'BlkioDeviceReadIOps', 'Rate'),
    deviceWriteIops: deviceLimits(host, 'BlkioDeviceWriteIOps', 'Rate'),
  }
}

function deviceLimits(
  host: Fields,
  name: string,
  key: string,
): readonly { readonly path: string; readonly value: number }[] | undefined {
  const limits = objects(host, name)
  if (limits === undefined || limits.length === 0) return undefined
  return limits.map((limit) => ({
    path: member(limit, 'Path', 'string') ?? '',
    value: member(limit, key, 'number') ?? 0,
  }))
}
