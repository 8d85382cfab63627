import type { Sample } from './measure.ts'
import type { Comparison } from './results.ts'
import type { Stage } from './stage.ts'

/** One operation that a user waits for. */
export interface Row {
  readonly name: string
  /** The goal for strake in milliseconds. */
  readonly goal?: number
  readonly comparedWith?: Comparison
  /** Runs of the row, unless --runs is given or the row is slow. */
  readonly times: number
  /** Called before every run, unmeasured. */
  readonly before?: (stage: Stage) => Promise<void>
  /** Throws `NotOffered` when the tool lacks the operation. */
  readonly run: (stage: Stage) => Promise<Sample>
  /** Called after every run, unmeasured. */
  readonly after?: (stage: Stage) => Promise<void>
  /** A property that must be equal for all tools, read once after the first run. */
  readonly equal?: { readonly what: string; of(stage: Stage): Promise<string> }
  /** Measures the size of the store after the first run. */
  readonly weigh?: true
}

/** Rows that follow each other: a round runs each of them once, by every tool in turn. */
export type Group = readonly Row[]
