import type { Sample } from './measure.ts'
import type { ToolName } from './options.ts'
import { median } from './statistics.ts'

/** The result of a tool for a row: samples, or the reason of their absence. */
export type Cell = { readonly samples: readonly Sample[] } | { readonly reason: string }

/** Another row that does the same in another way, for a comparison of strake's times. */
export interface Comparison {
  readonly row: string
  /** The goal: at most this part of the other row's time. */
  readonly ratio?: number
  /** The goal: at most so many milliseconds more than the other row. */
  readonly more?: number
}

export interface RowResult {
  readonly name: string
  readonly goal?: number
  readonly comparedWith?: Comparison
  readonly cells: Readonly<Partial<Record<ToolName, Cell>>>
}

/** A compared property, and its value for each tool. */
export interface EqualResult {
  readonly what: string
  readonly values: Readonly<Partial<Record<ToolName, string>>>
}

/** Bytes of a store after a row. */
export interface WeightResult {
  readonly after: string
  readonly bytes: Readonly<Partial<Record<ToolName, number>>>
}

/** All results of one run, passed between the processes of the benchmark. */
export interface Results {
  /** Kernel, processors, memory, file system of the stores. */
  readonly machine: string
  /** Version and settings, or the reason why the tool cannot take part. */
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

/** True when all tools with an answer have the same one. */
export function agree({ values }: EqualResult): boolean {
  return new Set(Object.values(values)).size <= 1
}
