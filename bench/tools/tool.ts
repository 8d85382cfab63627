import type { Api } from '../api.ts'
import { drained, type Environment, type Execution, execute, type Sample } from '../measure.ts'
import type { ToolName } from '../options.ts'

export type Compression = 'gzip' | 'zstd'
export type RuntimeName = 'crun' | 'runc'

export interface CommandOptions {
  /** The runtime of the container. Default: the tool's choice. */
  readonly runtime?: RuntimeName
  /** The output goes through a pipe and is thrown away. */
  readonly isDrained?: boolean
}

/** A compared program. Command lines agree except for the members of this interface. */
export interface Tool extends AsyncDisposable {
  readonly name: ToolName
  /** Its version, and other facts that decide its speed. */
  readonly about: string
  /** The directory of its images and containers. */
  readonly store: string
  /** Runs a command line, with any exit code. */
  attempt(args: readonly string[], options?: CommandOptions): Promise<Execution>
  /** Removes every container, image and cache. */
  reset(): Promise<void>
  /** Docker's API, served from the first call on. Throws `NotOffered`. */
  api(): Promise<Api>
  /** Lets a server be started by a client, and measures until its first answer. Throws `NotOffered`. */
  activate(): Promise<Sample>
  pullArguments(image: string): readonly string[]
  /** Throws `NotOffered` for a compression that the tool lacks. */
  pushArguments(image: string, compression: Compression): readonly string[]
}

/** The place of a tool. */
export interface Place {
  /** The directory for all files of the benchmark. */
  readonly directory: string
  readonly env: Environment
}

/** The tool lacks an operation. This is a result, not a failure. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered'
}

/** Runs the program of a tool, which is the first word. */
export function executeTool(
  argv: readonly string[],
  env: Environment,
  { isDrained = false }: CommandOptions = {},
): Promise<Execution> {
  return execute(isDrained ? drained(argv) : argv, env)
}

/** Runs a command line of a tool. Throws the output of a failure. */
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

/** Removes the things that a listing command such as `ps --all --quiet` prints. */
export async function removeListed(
  tool: Tool,
  listing: readonly string[],
  remove: readonly string[],
): Promise<void> {
  const { stdout } = await run(tool, listing)
  const ids = [...new Set(stdout.split('\n').filter((id) => id !== ''))]
  if (ids.length > 0) await run(tool, [...remove, ...ids])
}
