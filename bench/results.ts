import type { Sample } from './measure.ts'
import type { ToolName } from './options.ts'
import { median } from './statistics.ts'

/** What a tool made of a row: its samples, or why there are none. */
export type Cell = { readonly samples: readonly Sample[] } | { readonly reason: string }

export interface RowResult {
  readonly name: string
  readonly goal?: number
  readonly comparedWith?: string
  readonly cells: Readonly<Partial<Record<ToolName, Cell>>>
}

/** What has to be the same, and what each tool had. */
export interface EqualResult {
  readonly what: string
  readonly values: Readonly<Partial<Record<ToolName, string>>>
}

/** Bytes of a store after a row. */
export interface WeightResult {
  readonly after: string
  readonly bytes: Readonly<Partial<Record<ToolName, number>>>
}

/** Everything that one run of the benchmark found, as it travels between its processes. */
export interface Results {
  /** Kernel, processors, memory, file system of the stores. */
  readonly machine: string
  /** Version and settings, or why the tool could not take part. */
  readonly tools: Readonly<Partial<Record<ToolName, string>>>
  readonly rows: readonly RowResult[]
  readonly equal: readonly EqualResult[]
  readonly weights: readonly WeightResult[]
}

export function medianTime(cell: Cell | undefined): number | undefined {
  if (cell === undefined || 'reason' in cell) return undefined
  return median(cell.samples.map(({ milliseconds }) => milliseconds))
}

export function peakBytes(cell: Cell | undefined): number | undefined {
  if (cell === undefined || 'reason' in cell) return undefined
  return Math.max(...cell.samples.map((sample) => sample.peakBytes))
}

/** Whether every tool that answered gave the same answer. */
export function agree({ values }: EqualResult): boolean {
  return new Set(Object.values(values)).size <= 1
}
