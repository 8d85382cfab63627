/** What one run of a command cost. */
export interface Sample {
  readonly milliseconds: number
  /**
   * Largest resident size of any process of the command, and of the daemons that worked
   * for it. Never below what the benchmark itself has, which a child begins with.
   */
  readonly peakBytes: number
}

export interface Execution extends Sample {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export type Environment = Readonly<Record<string, string>>

/** Nothing here takes this long unless it hangs. */
const patience = 15 * 60_000

/** Runs a command to its end, whatever that is. */
export async function execute(argv: readonly string[], env: Environment): Promise<Execution> {
  const start = performance.now()
  const child = Bun.spawn([...argv], {
    env,
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: patience,
  })
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const exitCode = await child.exited
  const milliseconds = performance.now() - start
  const peakBytes = child.resourceUsage()?.maxRSS ?? 0
  const [stdout, stderr] = await output
  return { milliseconds, peakBytes, exitCode, stdout, stderr }
}

/** Runs a command and throws with what it printed unless it succeeds. */
export async function measure(argv: readonly string[], env: Environment): Promise<Execution> {
  const execution = await execute(argv, env)
  if (execution.exitCode !== 0) {
    const printed = `${execution.stdout}${execution.stderr}`.trim().slice(-2000)
    throw new Error(`${argv.join(' ')} ended with ${execution.exitCode}: ${printed}`)
  }
  return execution
}
