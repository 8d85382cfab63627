import { type ContainerUsage, getContainer } from '#container'
import { type ContainerStats, watchStats } from '#engine/container/stats'
import type { ApiCall } from '../call.ts'
import { reply, stream } from '../reply.ts'
import { containerId } from './find.ts'

/** Milliseconds between two measurements. Docker has the same. */
const interval = 1000

/** `GET /containers/{id}/stats`: a document each second, or one with `stream=0`. */
export async function stats(call: ApiCall): Promise<Response> {
  const { engine, query, signal } = call
  const id = containerId(call)
  const { name } = getContainer(engine, id)
  const isOne = !query.flag('stream', true)
  const rounds = watchStats(engine, {
    names: [id],
    interval: isOne && query.flag('one-shot') ? 1 : interval,
    signal,
  })
  const documents = statsDocuments(rounds, { id, name, signal })
  if (!isOne) return stream(documents)
  for await (const document of documents) return reply(document)
  return reply({ id, name: `/${name}` })
}

interface Subject {
  readonly id: string
  readonly name: string
  readonly signal: AbortSignal
}

async function* statsDocuments(
  rounds: AsyncIterable<readonly ContainerStats[]>,
  { id, name, signal }: Subject,
): AsyncGenerator<unknown> {
  let before: Measured | undefined
  try {
    for await (const [one] of rounds) {
      const now = { read: new Date().toISOString(), usage: one?.usage }
      yield document({ id, name }, before ?? earlier(now, one), now)
      before = now
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

interface Measured {
  readonly read: string
  readonly usage: ContainerUsage | undefined
}

/** The measurement before the first one, from which `cpuPercent` was computed. */
function earlier({ read, usage }: Measured, one: ContainerStats | undefined): Measured {
  if (usage === undefined) return { read, usage }
  const nanoseconds = interval * 1_000_000
  const cpuTime = usage.cpuTime - ((one?.cpuPercent ?? 0) / 100) * nanoseconds
  return { read, usage: { ...usage, cpuTime, at: usage.at - interval } }
}

const processors = navigator.hardwareConcurrency

function document(
  { id, name }: Pick<Subject, 'id' | 'name'>,
  before: Measured,
  { read, usage }: Measured,
): unknown {
  return {
    id,
    name: `/${name}`,
    os_type: 'linux',
    read,
    preread: before.read,
    pids_stats: usage === undefined ? {} : { current: usage.pids },
    blkio_stats: {
      io_service_bytes_recursive:
        usage === undefined
          ? null
          : [
              { major: 0, minor: 0, op: 'read', value: usage.blockRead },
              { major: 0, minor: 0, op: 'write', value: usage.blockWritten },
            ],
    },
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpu(usage),
    precpu_stats: cpu(before.usage),
    memory_stats:
      usage === undefined ? {} : { usage: usage.memory, limit: usage.memoryLimit, stats: {} },
    networks:
      usage?.received === undefined
        ? undefined
        : { eth0: { rx_bytes: usage.received, tx_bytes: usage.sent ?? 0 } },
  }
}

/** Clients divide the difference of both times, and multiply by the number of processors. */
function cpu(usage: ContainerUsage | undefined): unknown {
  if (usage === undefined) return { cpu_usage: { total_usage: 0 } }
  return {
    cpu_usage: { total_usage: Math.round(usage.cpuTime) },
    system_cpu_usage: Math.round(usage.at * 1_000_000 * processors),
    online_cpus: processors,
  }
}
