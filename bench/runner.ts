import { measure, type Sample } from './measure.ts'
import type { ToolName } from './options.ts'
import type { Cell, EqualResult, RowResult, WeightResult } from './results.ts'
import type { Group, Row } from './row.ts'
import type { Stage } from './stage.ts'
import { median } from './statistics.ts'
import { NotOffered } from './tools/tool.ts'

/** A row that takes longer than this runs only a few times. */
const slow = { milliseconds: 10_000, times: 5 }

export interface GroupResult {
  readonly rows: readonly RowResult[]
  readonly equal: readonly EqualResult[]
  readonly weights: readonly WeightResult[]
}

export interface RunnerOptions {
  readonly isWanted: (row: Row) => boolean
  readonly runs?: number | undefined
  readonly report: (line: string) => void
  /** Waits for unfinished work of earlier commands, unmeasured. */
  readonly settle?: (() => Promise<unknown>) | undefined
}

/** The samples of one row by one tool, during the rounds. */
interface Entry {
  readonly row: Row
  readonly stage: Stage
  readonly samples: Sample[]
  reason?: string
  equal?: string
  bytes?: number
}

/** Runs every wanted row by every tool in turn, round after round. */
export async function runGroup(
  group: Group,
  stages: readonly Stage[],
  options: RunnerOptions,
): Promise<GroupResult> {
  const entries = group
    .filter(options.isWanted)
    .flatMap((row) => stages.map((stage): Entry => ({ row, stage, samples: [] })))
  const rounds = Math.max(0, ...entries.map(({ row }) => options.runs ?? row.times))
  for (let round = 0; round < rounds; round++) {
    for (const entry of entries) {
      if (isDue(entry, round, options.runs)) await runOnce(entry, options)
    }
  }
  return collect(entries)
}

function isDue({ row, samples, reason }: Entry, round: number, runs = row.times): boolean {
  if (reason !== undefined || round >= runs) return false
  if (samples.length < slow.times) return true
  return median(samples.map(({ milliseconds }) => milliseconds)) < slow.milliseconds
}

async function runOnce(entry: Entry, { report, settle }: RunnerOptions): Promise<void> {
  const { row, stage, samples } = entry
  try {
    await row.before?.(stage)
    await settle?.()
    const { milliseconds, peakBytes } = await row.run(stage)
    samples.push({ milliseconds, peakBytes })
    report(`${stage.tool.name}: ${row.name}: ${milliseconds.toFixed(1)} ms`)
    await row.after?.(stage)
    if (samples.length > 1) return
    if (row.weigh) entry.bytes = await weigh(stage.tool.store)
    if (row.equal !== undefined) entry.equal = await row.equal.of(stage)
  } catch (error) {
    entry.reason = error instanceof Error ? error.message : String(error)
    report(`${stage.tool.name}: ${row.name}: ${entry.reason}`)
    if (!(error instanceof NotOffered)) stage.lose()
  }
}

/** Returns the allocated bytes below a directory. A file with many names counts once. */
async function weigh(directory: string): Promise<number> {
  const argv = ['du', '--summarize', '--one-file-system', '--block-size=1', directory]
  const { stdout } = await measure(argv, { PATH: process.env['PATH'] ?? '' })
  return Number.parseInt(stdout, 10)
}

function collect(entries: readonly Entry[]): GroupResult {
  const rows: RowResult[] = []
  const equal: EqualResult[] = []
  const weights: WeightResult[] = []
  for (const [row, ofRow] of Map.groupBy(entries, (entry) => entry.row)) {
    const { name, goal, comparedWith } = row
    rows.push({
      name,
      ...(goal === undefined ? {} : { goal }),
      ...(comparedWith === undefined ? {} : { comparedWith }),
      cells: byTool(ofRow, cellOf),
    })
    if (row.equal !== undefined) {
      equal.push({ what: row.equal.what, values: byTool(ofRow, (entry) => entry.equal) })
    }
    if (row.weigh) weights.push({ after: row.name, bytes: byTool(ofRow, (entry) => entry.bytes) })
  }
  return { rows, equal, weights }
}

function cellOf({ reason, samples }: Entry): Cell {
  return reason === undefined ? { samples } : { reason }
}

function byTool<Value>(
  entries: readonly Entry[],
  pick: (entry: Entry) => Value | undefined,
): Partial<Record<ToolName, Value>> {
  const values: Partial<Record<ToolName, Value>> = {}
  for (const entry of entries) {
    const value = pick(entry)
    if (value !== undefined) values[entry.stage.tool.name] = value
  }
  return values
}
