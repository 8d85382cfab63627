import type { ContainerStats } from '#engine/container/stats'
import { formatBinarySize, formatDecimalSize } from './bytes.ts'

/** The columns of `stats`, as Docker words them. A container that does not run has zeros. */
export function statsRow(
  { id, name, usage, cpuPercent }: ContainerStats,
  options: { readonly trunc: boolean },
): Readonly<Record<StatsColumn, string>> {
  const { memory = 0, memoryLimit = 0 } = usage ?? {}
  const share = memoryLimit === 0 ? 0 : (memory / memoryLimit) * 100
  const shown = options.trunc ? id.slice(0, 12) : id
  return {
    BlockIO: pair(formatDecimalSize, usage?.blockRead, usage?.blockWritten),
    CPUPerc: `${cpuPercent.toFixed(2)}%`,
    Container: shown,
    ID: shown,
    MemPerc: `${share.toFixed(2)}%`,
    MemUsage: pair(formatBinarySize, memory, memoryLimit),
    Name: name,
    NetIO: pair(formatDecimalSize, usage?.received, usage?.sent),
    PIDs: String(usage?.pids ?? 0),
  }
}

type StatsColumn =
  | 'BlockIO'
  | 'CPUPerc'
  | 'Container'
  | 'ID'
  | 'MemPerc'
  | 'MemUsage'
  | 'Name'
  | 'NetIO'
  | 'PIDs'

function pair(format: (bytes: number) => string, first = 0, second = 0): string {
  return `${format(first)} / ${format(second)}`
}
