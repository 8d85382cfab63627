import { watchPeak } from './peak.ts'

/** The costs of one run of a command. */
export interface Sample {
  readonly milliseconds: number
  /** The largest resident size of any process of the command and of its daemons. */
  readonly peakBytes: number
}

export interface Execution extends Sample {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export type Environment = Readonly<Record<string, string>>

/** Milliseconds after which a command counts as hanging. */
const patience = 15 * 60_000

/** Returns a command that writes its output into a pipe, whose reader throws it away. */
export const drained = (argv: readonly string[]): readonly string[] => [
  'bash',
  '-c',
  'set -o pipefail; "$@" | cat >/dev/null',
  'bash',
  ...argv,
]

/** Runs a command to its end, with any exit code. */
export async function execute(argv: readonly string[], env: Environment): Promise<Execution> {
  const start = performance.now()
  const child = Bun.spawn([...argv], {
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: patience,
  })
  const peak = watchPeak(child.pid)
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const exitCode = await child.exited
  const milliseconds = performance.now() - start
  const peakBytes = peak()
  const [stdout, stderr] = await output
  return { milliseconds, peakBytes, exitCode, stdout, stderr }
}

/** Runs a command. Throws the output of a failure. */
export async function measure(argv: readonly string[], env: Environment): Promise<Execution> {
  const execution = await execute(argv, env)
  if (execution.exitCode !== 0) {
    const printed = `${execution.stdout}${execution.stderr}`.trim().slice(-2000)
    throw new Error(`${argv.join(' ')} ended with ${execution.exitCode}: ${printed}`)
  }
  return execution
}
