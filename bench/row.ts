import type { Sample } from './measure.ts'
import type { Stage } from './stage.ts'

/** One thing that people wait for. */
export interface Row {
  readonly name: string
  /** Milliseconds that strake may take, from the issues and DESIGN section 2. */
  readonly goal?: number
  /** Another row that does the same in another way: how strake's times compare is told. */
  readonly comparedWith?: string
  /** How often it runs, unless --runs says otherwise or it is slow. */
  readonly times: number
  /** Not measured, before every run. */
  readonly before?: (stage: Stage) => Promise<void>
  /** Throws `NotOffered` when the tool has no such thing. */
  readonly run: (stage: Stage) => Promise<Sample>
  /** Not measured, after every run. */
  readonly after?: (stage: Stage) => Promise<void>
  /** Something that has to be the same for every tool; asked once, after the first run. */
  readonly equal?: { readonly what: string; of(stage: Stage): Promise<string> }
  /** Weigh the store after the first run. */
  readonly weigh?: true
}

/** Rows that follow each other: a round runs each of them once, by every tool in turn. */
export type Group = readonly Row[]
