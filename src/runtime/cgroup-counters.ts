import { readFileSync } from 'node:fs'
import { cgroupMode } from './cgroup.ts'

/** All counters of a container's control groups that clients of Docker's API read. */
export interface CgroupCounters {
  /** Processor time in the program and in the kernel, in nanoseconds. */
  readonly userTime: number
  readonly kernelTime: number
  /** Processor time by processor. Only version 1 counts it. */
  readonly processors: readonly number[] | undefined
  readonly throttling: {
    readonly periods: number
    readonly throttledPeriods: number
    /** Nanoseconds. */
    readonly throttledTime: number
  }
  /** Bytes, with the file cache. */
  readonly memory: number
  /** The most bytes that were in use. Only version 1 counts them. */
  readonly memoryPeak: number | undefined
  /** What the kernel counts in `memory.stat`. */
  readonly memoryStats: Readonly<Record<string, number>>
}

/** Reads the counters of a container. Returns `undefined` once its control groups are removed. */
export function cgroupCounters(
  group: string,
  root = '/sys/fs/cgroup',
  isUnified: boolean = cgroupMode() === 'unified',
): CgroupCounters | undefined {
  try {
    return isUnified ? readUnified(`${root}${group}`) : readLegacy(group, root)
  } catch (error) {
    if (error instanceof Error && 'code' in error && /^(ENOENT|ENODEV)$/.test(String(error.code))) {
      return undefined
    }
    throw error
  }
}

/** Version 2: one hierarchy. */
function readUnified(group: string): CgroupCounters {
  const cpu = readCounters(`${group}/cpu.stat`)
  return {
    userTime: (cpu['user_usec'] ?? 0) * 1000,
    kernelTime: (cpu['system_usec'] ?? 0) * 1000,
    processors: undefined,
    throttling: throttlingOf(cpu, (cpu['throttled_usec'] ?? 0) * 1000),
    memory: Number(read(`${group}/memory.current`)),
    memoryPeak: undefined,
    memoryStats: readCounters(`${group}/memory.stat`),
  }
}

/** Version 1: a hierarchy for each controller. */
function readLegacy(group: string, root: string): CgroupCounters {
  const file = (controller: string, name: string): string => `${root}/${controller}${group}/${name}`
  const cpu = readCounters(file('cpu', 'cpu.stat'))
  return {
    userTime: Number(read(file('cpuacct', 'cpuacct.usage_user'))),
    kernelTime: Number(read(file('cpuacct', 'cpuacct.usage_sys'))),
    processors: read(file('cpuacct', 'cpuacct.usage_percpu')).split(' ').map(Number),
    throttling: throttlingOf(cpu, cpu['throttled_time'] ?? 0),
    memory: Number(read(file('memory', 'memory.usage_in_bytes'))),
    memoryPeak: Number(read(file('memory', 'memory.max_usage_in_bytes'))),
    memoryStats: readCounters(file('memory', 'memory.stat')),
  }
}

function throttlingOf(
  cpu: Readonly<Record<string, number>>,
  throttledTime: number,
): CgroupCounters['throttling'] {
  const { nr_periods: periods = 0, nr_throttled: throttledPeriods = 0 } = cpu
  return { periods, throttledPeriods, throttledTime }
}

const read = (path: string): string => readFileSync(path, 'latin1').trim()

/** Reads lines of a word and a number. */
function readCounters(path: string): Readonly<Record<string, number>> {
  const lines = [...read(path).matchAll(/^(\w+) (\d+)$/gm)]
  return Object.fromEntries(lines.map(([, name, digits]) => [name, Number(digits)]))
}
