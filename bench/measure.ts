export interface Sample {
  readonly milliseconds: number
  /** Largest resident size of the process, without its children. */
  readonly peakBytes: number
}

/** Runs a command and throws with what it printed unless it succeeds. */
export async function measure(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Sample> {
  const start = performance.now()
  const child = Bun.spawn([...argv], { env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const exitCode = await child.exited
  const milliseconds = performance.now() - start
  if (exitCode !== 0)
    throw new Error(`${argv.join(' ')} ended with ${exitCode}\n${(await output).join('')}`)
  return { milliseconds, peakBytes: child.resourceUsage()?.maxRSS ?? 0 }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}
