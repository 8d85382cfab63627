import { StrakeError } from '#oci'
import { readSmallFile } from '#platform'
import { cgroupMode, countsSwap } from '../../cgroup.ts'
import type { DeviceRule, ResourceConfig } from '../spec.ts'
import { type BlockIoOptions, blockIoConfig } from './block-io.ts'

/** Limits of one container. Sizes are bytes. Absent and 0 mean no limit, but absent `pids` means 2048. */
export interface ResourceOptions extends BlockIoOptions {
  readonly memory?: number | undefined
  /** Memory and swap together; -1 is no limit. Default: twice `memory`. */
  readonly memorySwap?: number | undefined
  readonly memoryReservation?: number | undefined
  /** 0 to 100; absent and -1 mean the default of the kernel. */
  readonly memorySwappiness?: number | undefined
  /** Processes wait for memory instead of being killed. */
  readonly oomKillDisable?: boolean | undefined
  /** Processor time, in processors: 1.5. */
  readonly cpus?: number | undefined
  readonly cpuShares?: number | undefined
  /** Microseconds: the container may use the processors for `cpuQuota` in every `cpuPeriod`. */
  readonly cpuPeriod?: number | undefined
  readonly cpuQuota?: number | undefined
  /** Numbers of processors: `0-2,5`. */
  readonly cpusetCpus?: string | undefined
  /** Numbers of memory nodes. */
  readonly cpusetMems?: string | undefined
  /** 0 or -1 is no limit. */
  readonly pids?: number | undefined
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
  const blockIO = blockIoConfig(options)
  return {
    devices,
    ...(Object.keys(memory).length === 0 ? {} : { memory }),
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
    ...(pids > 0 ? { pids: { limit: pids } } : {}),
    ...(Object.keys(blockIO).length === 0 ? {} : { blockIO }),
  }
}

function memoryConfig(options: ResourceOptions): NonNullable<ResourceConfig['memory']> {
  const limit = options.memory || undefined
  const reservation = options.memoryReservation || undefined
  const swappiness = options.memorySwappiness ?? -1
  if (swappiness < -1 || swappiness > 100) {
    throw new StrakeError('INVALID', `Cannot use swappiness ${swappiness}: the range is 0 to 100`)
  }
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
  if (reservation !== undefined && limit !== undefined && reservation > limit) {
    throw new StrakeError(
      'INVALID',
      `Cannot reserve ${reservation} bytes of memory: it must be at most the memory limit`,
    )
  }
  return {
    ...(limit === undefined ? {} : { limit }),
    // A kernel that does not count swap has no such file, and the runtime would fail.
    ...(swap === undefined || !countsSwap() ? {} : { swap }),
    ...(reservation === undefined ? {} : { reservation }),
    ...(swappiness === -1 ? {} : { swappiness }),
    ...(options.oomKillDisable ? { disableOOMKiller: true } : {}),
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
  checkShares(options)
  checkPeriod(options)
  checkSet('processors', cpusetCpus, '/sys/devices/system/cpu/online')
  checkSet('memory nodes', cpusetMems, '/sys/devices/system/node/online')
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

/** With cgroup v2, runtimes turn any number into a weight, as they do for Docker. */
function checkShares({ cpuShares = 0 }: ResourceOptions): void {
  if (cpuShares === 0 || cgroupMode() === 'unified') return
  if (cpuShares >= 2 && cpuShares <= 262_144) return
  throw new StrakeError('INVALID', `Cannot use --cpu-shares ${cpuShares}: the range is 2 to 262144`)
}

/** The bounds of the kernel. */
function checkPeriod({ cpuPeriod = 0, cpuQuota = 0 }: ResourceOptions): void {
  if (cpuPeriod !== 0 && !(cpuPeriod >= 1000 && cpuPeriod <= 1_000_000)) {
    throw new StrakeError(
      'INVALID',
      `Cannot use --cpu-period ${cpuPeriod}: the range is 1000 to 1000000 microseconds`,
    )
  }
  if (cpuQuota > 0 && cpuQuota < 1000) {
    throw new StrakeError(
      'INVALID',
      `Cannot use --cpu-quota ${cpuQuota}: the least is 1000 microseconds`,
    )
  }
}

/** Refuses a list that is not like `0-2,5`, or names what `onlineFile` does not list. */
function checkSet(what: string, list: string | undefined, onlineFile: string): void {
  if (!list) return
  const invalid = (reason: string): StrakeError =>
    new StrakeError('INVALID', `Cannot use ${what} ${JSON.stringify(list)}: ${reason}`)
  const wanted = parseSet(list)
  if (wanted === undefined) throw invalid('expected numbers and ranges such as 0-2,5')
  const online = readSmallFile(onlineFile)?.trim()
  const available = online === undefined ? undefined : parseSet(online)
  if (available === undefined) return
  const isAvailable = ([first, last]: Range): boolean =>
    available.some(([from, to]) => from <= first && last <= to)
  if (!wanted.every(isAvailable)) throw invalid(`the machine has ${online}`)
}

type Range = readonly [first: number, last: number]

function parseSet(list: string): readonly Range[] | undefined {
  if (!/^\d{1,6}(-\d{1,6})?(,\d{1,6}(-\d{1,6})?)*$/.test(list)) return undefined
  const ranges = list.split(',').map((part): Range => {
    const [first = '', last = first] = part.split('-')
    return [Number(first), Number(last)]
  })
  return ranges.every(([first, last]) => first <= last) ? ranges : undefined
}
