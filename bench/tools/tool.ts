import type { Environment, Execution } from '../measure.ts'
import type { ToolName } from '../options.ts'

export type Compression = 'gzip' | 'zstd'
export type RuntimeName = 'crun' | 'runc'

export interface CommandOptions {
  /** Which runtime starts the container; the tool's own choice unless given. */
  readonly runtime?: RuntimeName
}

/** One of the programs compared. Their command lines agree but for what is here. */
export interface Tool extends AsyncDisposable {
  readonly name: ToolName
  /** Its version, and what else decides how fast it is. */
  readonly about: string
  /** The directory of its images and containers. */
  readonly store: string
  /** Runs a command line, whatever its exit code will be. */
  attempt(args: readonly string[], options?: CommandOptions): Promise<Execution>
  /** Removes every container, image and cache. */
  reset(): Promise<void>
  pullArguments(image: string): readonly string[]
  /** Throws `NotOffered` for a compression that the tool does not have. */
  pushArguments(image: string, compression: Compression): readonly string[]
}

/** Where a tool works. */
export interface Place {
  /** Everything the benchmark writes is below it. */
  readonly directory: string
  readonly env: Environment
}

/** The tool has no such thing; that is a result, not a failure. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered'
}

/** Runs a command line of a tool; throws with what it printed unless it succeeds. */
export async function run(
  tool: Tool,
  args: readonly string[],
  options?: CommandOptions,
): Promise<Execution> {
  const execution = await tool.attempt(args, options)
  if (execution.exitCode !== 0) {
    const printed = `${execution.stdout}${execution.stderr}`.trim().slice(-1000)
    throw new Error(`${tool.name} ${args.join(' ')} ended with ${execution.exitCode}: ${printed}`)
  }
  return execution
}

/** Removes what a listing command such as `ps --all --quiet` prints, if anything. */
export async function removeListed(
  tool: Tool,
  listing: readonly string[],
  remove: readonly string[],
): Promise<void> {
  const { stdout } = await run(tool, listing)
  const ids = [...new Set(stdout.split('\n').filter((id) => id !== ''))]
  if (ids.length > 0) await run(tool, [...remove, ...ids])
}
