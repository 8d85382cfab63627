import { type ContainerUsage, getContainer, readContainer, readContainerUsage } from '#container'
import { sleep } from '#platform'
import type { Engine } from '../engine.ts'

/** What a container uses, measured twice. */
export interface ContainerStats {
  readonly id: string
  readonly name: string
  /** Absent for a container that does not run. */
  readonly usage?: ContainerUsage | undefined
  /** The use of processors between the two measurements, in percent of one processor. */
  readonly cpuPercent: number
}

export interface StatsOptions {
  /** Names or IDs. Empty: all containers that run at the time of each measurement. */
  readonly names: readonly string[]
  /** Includes stopped containers. */
  readonly all?: boolean | undefined
  /** Milliseconds between two measurements. */
  readonly interval: number
  readonly signal: AbortSignal
}

/**
 * Measures containers again and again: each round comes `interval` after the one before.
 * The caller ends it by leaving the loop. Throws `NOT_FOUND`, and the reason of `signal`.
 */
export async function* watchStats(
  engine: Engine,
  { names, all = false, interval, signal }: StatsOptions,
): AsyncGenerator<readonly ContainerStats[]> {
  const ids = names.map((name) => getContainer(engine, name).id)
  let before = measure(engine, ids)
  for (;;) {
    await sleep(interval, signal)
    const now = measure(engine, ids)
    const rows = now.map((one) => {
      const earlier = before.find(({ id }) => id === one.id)?.usage
      return { ...one, cpuPercent: percent(earlier, one.usage) }
    })
    yield rows.filter(({ usage }) => usage !== undefined || all || ids.length > 0)
    before = now
  }
}

type Measured = Omit<ContainerStats, 'cpuPercent'>

/** Containers that were removed since are left out. */
function measure(engine: Engine, ids: readonly string[]): readonly Measured[] {
  const { containers } = engine.records
  const records =
    ids.length === 0 ? containers.list() : ids.flatMap((id) => containers.get(id) ?? [])
  return records.map((record) => {
    const container = readContainer(engine, record)
    return { id: record.id, name: record.name, usage: readContainerUsage(container) }
  })
}

function percent(earlier: ContainerUsage | undefined, now: ContainerUsage | undefined): number {
  if (earlier === undefined || now === undefined || now.at <= earlier.at) return 0
  const nanoseconds = (now.at - earlier.at) * 1_000_000
  return Math.max(0, ((now.cpuTime - earlier.cpuTime) / nanoseconds) * 100)
}
