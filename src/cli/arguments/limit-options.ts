import type { RunOptions } from '#engine/container/run'
import type { Command } from './command.ts'
import { collect, parseBytes, parsePositive, parseWhole } from './values.ts'

/** The limits among the options of `run` and `create`, as the parser returns them. */
export interface LimitFlags {
  readonly blkioWeight?: number
  readonly blkioWeightDevice?: readonly string[]
  readonly cpuPeriod?: number
  readonly cpuQuota?: number
  readonly cpuShares?: number
  readonly cpus?: number
  readonly cpusetCpus?: string
  readonly cpusetMems?: string
  readonly deviceReadBps?: readonly string[]
  readonly deviceReadIops?: readonly string[]
  readonly deviceWriteBps?: readonly string[]
  readonly deviceWriteIops?: readonly string[]
  readonly memory?: number
  readonly memoryReservation?: number
  readonly memorySwap?: number
  readonly memorySwappiness?: number
  readonly oomKillDisable?: true
  readonly pidsLimit?: number
}

/** Adds the limits that `update` can change too. */
export function addUpdatableLimits(command: Command): Command {
  return command
    .option(
      '--blkio-weight <weight>',
      'share of block IO, relative to other containers: 10 to 1000',
      parseWhole,
    )
    .option('--cpu-period <microseconds>', 'the period of --cpu-quota', parseWhole)
    .option('--cpu-quota <microseconds>', 'processor time in every period', parseWhole)
    .option(
      '-c, --cpu-shares <weight>',
      'share of busy processors, relative to other containers',
      parseWhole,
    )
    .option('--cpus <number>', 'limit of processors, such as 1.5', parsePositive)
    .option('--cpuset-cpus <list>', 'processors that the container may use, such as 0-2')
    .option('--cpuset-mems <list>', 'memory nodes that the container may use')
    .option('-m, --memory <size>', 'limit of memory', parseBytes)
    .option(
      '--memory-reservation <size>',
      'memory that the kernel tries to leave to the container',
      parseBytes,
    )
    .option('--memory-swap <size>', 'limit of memory and swap together; -1 for no limit', parseSwap)
    .option('--pids-limit <count>', 'limit of processes; -1 for no limit', parseWhole)
}

/** Adds the limits of `run` and `create`. */
export function addLimitOptions(command: Command): Command {
  return addUpdatableLimits(command)
    .option('--blkio-weight-device <device:weight>', 'share of a block device', collect)
    .option('--device-read-bps <device:rate>', 'bytes to read in a second', collect)
    .option('--device-read-iops <device:count>', 'reads in a second', collect)
    .option('--device-write-bps <device:rate>', 'bytes to write in a second', collect)
    .option('--device-write-iops <device:count>', 'writes in a second', collect)
    .option('--memory-swappiness <percent>', 'how readily memory is swapped: 0 to 100', parseWhole)
    .option('--oom-kill-disable', 'let processes wait for memory instead of killing them')
}

function parseSwap(text: string): number {
  return text === '-1' ? -1 : parseBytes(text)
}

/** Converts the limits. Throws `INVALID`. */
export async function readLimits(flags: LimitFlags): Promise<NonNullable<RunOptions['resources']>> {
  const hasDevices = [
    flags.blkioWeightDevice,
    flags.deviceReadBps,
    flags.deviceReadIops,
    flags.deviceWriteBps,
    flags.deviceWriteIops,
  ].some((list) => list !== undefined)
  return {
    memory: flags.memory,
    memoryReservation: flags.memoryReservation,
    memorySwap: flags.memorySwap,
    memorySwappiness: flags.memorySwappiness,
    oomKillDisable: flags.oomKillDisable,
    cpus: flags.cpus,
    cpuPeriod: flags.cpuPeriod,
    cpuQuota: flags.cpuQuota,
    cpuShares: flags.cpuShares,
    cpusetCpus: flags.cpusetCpus,
    cpusetMems: flags.cpusetMems,
    pids: flags.pidsLimit,
    blkioWeight: flags.blkioWeight,
    ...(hasDevices ? await readDeviceLimits(flags) : {}),
  }
}

async function readDeviceLimits(flags: LimitFlags): Promise<NonNullable<RunOptions['resources']>> {
  const { parseDeviceBytes, parseDeviceOperations, parseDeviceWeight } = await import(
    '#docker/flags/device-limits'
  )
  return {
    blkioWeightDevices: flags.blkioWeightDevice?.map((text) =>
      parseDeviceWeight('--blkio-weight-device', text),
    ),
    deviceReadBps: flags.deviceReadBps?.map((text) => parseDeviceBytes('--device-read-bps', text)),
    deviceWriteBps: flags.deviceWriteBps?.map((text) =>
      parseDeviceBytes('--device-write-bps', text),
    ),
    deviceReadIops: flags.deviceReadIops?.map((text) =>
      parseDeviceOperations('--device-read-iops', text),
    ),
    deviceWriteIops: flags.deviceWriteIops?.map((text) =>
      parseDeviceOperations('--device-write-iops', text),
    ),
  }
}
