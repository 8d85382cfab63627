import { StrakeError } from '#oci'
import { cgroupMode, countsSwap } from '../cgroup.ts'
import type { DeviceRule, ResourceConfig } from './spec.ts'

/** Limits of one container. Sizes are bytes. Absent and 0 mean no limit, but absent `pids` means 2048. */
export interface ResourceOptions {
  readonly memory?: number | undefined
  /** Memory and swap together; -1 is no limit. Default: twice `memory`. */
  readonly memorySwap?: number | undefined
  readonly memoryReservation?: number | undefined
  readonly memorySwappiness?: number | undefined
  /** Processor time, in processors: 1.5. */
  readonly cpus?: number | undefined
  readonly cpuShares?: number | undefined
  readonly cpuPeriod?: number | undefined
  readonly cpuQuota?: number | undefined
  readonly cpusetCpus?: string | undefined
  readonly cpusetMems?: string | undefined
  /** 0 or -1 is no limit. */
  readonly pids?: number | undefined
  readonly blkioWeight?: number | undefined
}

const defaultPids = 2048
const smallestMemory = 6 * 1024 * 1024
const defaultPeriod = 100_000

/**
 * Returns limits in the form of the runtime. Throws `INVALID` for a limit that no kernel accepts.
 */
export function resourceConfig(
  options: ResourceOptions,
  devices: readonly DeviceRule[],
): ResourceConfig {
  const memory = memoryConfig(options)
  const cpu = cpuConfig(options)
  const pids = options.pids ?? defaultPids
  return {
    devices,
    ...(Object.keys(memory).length === 0 ? {} : { memory }),
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
    ...(pids > 0 ? { pids: { limit: pids } } : {}),
    ...(options.blkioWeight === undefined ? {} : { blockIO: { weight: options.blkioWeight } }),
  }
}

function memoryConfig(options: ResourceOptions): NonNullable<ResourceConfig['memory']> {
  const limit = options.memory || undefined
  const reservation = options.memoryReservation || undefined
  const swappiness = options.memorySwappiness
  if (limit !== undefined && limit < smallestMemory) {
    throw new StrakeError('INVALID', `Cannot limit memory to ${limit} bytes: the least is 6 MiB`)
  }
  const swap = options.memorySwap || (limit === undefined ? undefined : 2 * limit)
  if (swap !== undefined && swap !== -1 && (limit === undefined || swap < limit)) {
    throw new StrakeError(
      'INVALID',
      `Cannot limit memory and swap to ${swap} bytes: it must be at least the memory limit`,
    )
  }
  return {
    ...(limit === undefined ? {} : { limit }),
    // A kernel that does not count swap has no such file, and the runtime would fail.
    ...(swap === undefined || !countsSwap() ? {} : { swap }),
    ...(reservation === undefined ? {} : { reservation }),
    ...(swappiness === undefined || cgroupMode() === 'unified' ? {} : { swappiness }),
  }
}

function cpuConfig(options: ResourceOptions): NonNullable<ResourceConfig['cpu']> {
  const { cpuShares: shares, cpusetCpus, cpusetMems } = options
  const cpus = options.cpus || undefined
  if (cpus !== undefined && !(cpus > 0)) {
    throw new StrakeError('INVALID', `Cannot limit processors to ${cpus}: it must be above 0`)
  }
  if (cpus !== undefined && (options.cpuQuota || options.cpuPeriod)) {
    throw new StrakeError('INVALID', 'Cannot use --cpus: it excludes --cpu-period and --cpu-quota')
  }
  const period = options.cpuPeriod || (cpus === undefined ? undefined : defaultPeriod)
  const quota = cpus === undefined ? options.cpuQuota : Math.round(cpus * defaultPeriod)
  return {
    ...(shares ? { shares } : {}),
    ...(quota ? { quota } : {}),
    ...(period === undefined ? {} : { period }),
    ...(cpusetCpus ? { cpus: cpusetCpus } : {}),
    ...(cpusetMems ? { mems: cpusetMems } : {}),
  }
}
