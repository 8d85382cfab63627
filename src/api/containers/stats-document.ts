import type { ContainerCounters, ContainerUsage } from '#container'

/** A container at one moment. */
export interface Measured {
  /** The time, as Docker writes it. */
  readonly read: string
  /** Both are absent for a container that does not run. */
  readonly usage: ContainerUsage | undefined
  readonly counters: ContainerCounters | undefined
}

/** The time of a measurement that there was not, as Go writes it. */
const never = '0001-01-01T00:00:00Z'

const processors = navigator.hardwareConcurrency

/** Returns the document of `GET /containers/{id}/stats`. `before` is the measurement to compare with. */
export function statsDocument(
  { id, name }: { readonly id: string; readonly name: string },
  before: Measured | undefined,
  now: Measured,
): unknown {
  const { read, usage, counters } = now
  return {
    id,
    name: `/${name}`,
    os_type: 'linux',
    read,
    preread: before?.read ?? never,
    pids_stats: usage === undefined ? {} : { current: usage.pids },
    blkio_stats: blocks(usage),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu(now),
    precpu_stats: cpu(before),
    memory_stats: memory(usage, counters),
    networks: counters?.interfaces && networks(counters.interfaces),
  }
}

/** Devices are not told apart. */
function blocks(usage: ContainerUsage | undefined): unknown {
  return {
    io_service_bytes_recursive:
      usage === undefined
        ? null
        : [
            { major: 0, minor: 0, op: 'read', value: usage.blockRead },
            { major: 0, minor: 0, op: 'write', value: usage.blockWritten },
          ],
    ...Object.fromEntries(
      [
        'io_serviced_recursive',
        'io_queue_recursive',
        'io_service_time_recursive',
        'io_wait_time_recursive',
        'io_merged_recursive',
        'io_time_recursive',
        'sectors_recursive',
      ].map((name) => [name, null]),
    ),
  }
}

/** Clients divide the difference of both times, and multiply by the number of processors. */
function cpu({ usage, counters }: Partial<Measured> = {}): unknown {
  const { periods = 0, throttledPeriods = 0, throttledTime = 0 } = counters?.throttling ?? {}
  return {
    cpu_usage: {
      total_usage: Math.round(usage?.cpuTime ?? 0),
      percpu_usage: counters?.processors,
      usage_in_kernelmode: counters?.kernelTime ?? 0,
      usage_in_usermode: counters?.userTime ?? 0,
    },
    ...(usage && {
      system_cpu_usage: Math.round(usage.at * 1_000_000 * processors),
      online_cpus: processors,
    }),
    throttling_data: {
      periods,
      throttled_periods: throttledPeriods,
      throttled_time: throttledTime,
    },
  }
}

/** Clients subtract the file cache by the counters in `stats`, so the use includes it. */
function memory(
  usage: ContainerUsage | undefined,
  counters: ContainerCounters | undefined,
): unknown {
  if (usage === undefined || counters === undefined) return {}
  return {
    usage: counters.memory,
    max_usage: counters.memoryPeak,
    stats: counters.memoryStats,
    limit: usage.memoryLimit,
  }
}

function networks(interfaces: NonNullable<ContainerCounters['interfaces']>): unknown {
  return Object.fromEntries(
    Object.entries(interfaces).map(([name, { received, sent }]) => [
      name,
      {
        rx_bytes: received.bytes,
        rx_packets: received.packets,
        rx_errors: received.errors,
        rx_dropped: received.dropped,
        tx_bytes: sent.bytes,
        tx_packets: sent.packets,
        tx_errors: sent.errors,
        tx_dropped: sent.dropped,
      },
    ]),
  )
}
