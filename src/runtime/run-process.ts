import { existsSync, rmSync } from 'node:fs'
import { type ChildProcess, readPlainFile, type StdioSlot, spawnProcess } from '#platform'
import {
  discard,
  type ExitStatus,
  type Runtime,
  runtimeCommand,
  runtimeEnvironment,
} from './runtime.ts'

/**
 * The target of output: nothing, the stream of this process, a descriptor, or a function that is
 * called with each chunk. Only a function does not receive messages of the runtime itself.
 */
export type OutputTarget = 'ignore' | 'inherit' | number | ((chunk: Uint8Array) => void)

export interface RunProcessOptions {
  /** Unique on this machine. It is also the name of the control group. */
  readonly id: string
  /** Directory with `config.json`, which only this program may use. */
  readonly bundle: string
  /** Default: `ignore`, an empty input. */
  readonly stdin?: 'ignore' | 'inherit' | number
  readonly stdout?: OutputTarget | undefined
  readonly stderr?: OutputTarget | undefined
  /** Kills the container; the promise then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs a bundle in the foreground to its end, without a monitor and without a record.
 * Throws `StartError` when it cannot be started.
 */
export async function runProcess(
  runtime: Runtime,
  options: RunProcessOptions,
): Promise<ExitStatus> {
  const { id, bundle, signal } = options
  signal?.throwIfAborted()
  const log = `${bundle}/runtime.log`
  const pidFile = `${bundle}/pid`
  for (const file of [log, pidFile]) rmSync(file, { force: true })
  const child = spawnProcess(
    [
      ...runtimeCommand(runtime, '--log', log, '--log-format', 'json'),
      'run',
      '--bundle',
      bundle,
      '--pid-file',
      pidFile,
      id,
    ],
    {
      stdio: [options.stdin ?? 'ignore', slot(options.stdout), slot(options.stderr)],
      env: runtimeEnvironment,
      cwd: bundle,
    },
  )
  const kill = (): void => void abort(runtime, id, child)
  signal?.addEventListener('abort', kill, { once: true })
  try {
    await Promise.all([
      pass(child.stdout, options.stdout),
      pass(child.stderr, holdBack(options.stderr, pidFile)),
      child.exited,
    ])
  } finally {
    signal?.removeEventListener('abort', kill)
  }
  const { code } = await child.exited
  // A killed runtime leaves its container running.
  if (signal?.aborted || existsSync(`${runtime.root}/${id}`)) await discard(runtime, id)
  signal?.throwIfAborted()
  if (existsSync(pidFile)) return { code }
  const { startFailure } = await import('./start-failure.ts')
  throw startFailure(readPlainFile(log) ?? '', commandOf(bundle))
}

/** A container outlives its runtime, so the container is killed first. */
async function abort(runtime: Runtime, id: string, child: ChildProcess): Promise<void> {
  try {
    await runtime.kill(id, 'KILL')
  } catch {
    child.kill('SIGKILL')
  }
}

function slot(target: OutputTarget | undefined): StdioSlot {
  return typeof target === 'function' ? 'pipe' : (target ?? 'ignore')
}

/**
 * Drops the runtime's own output to standard error before the container starts: its log has the
 * same message, which becomes an exception.
 */
function holdBack(target: OutputTarget | undefined, pidFile: string): OutputTarget | undefined {
  if (typeof target !== 'function') return target
  let started = false
  return (chunk) => {
    started ||= existsSync(pidFile)
    if (started) target(chunk)
  }
}

async function pass(
  bytes: AsyncIterable<Uint8Array> | undefined,
  target: OutputTarget | undefined,
): Promise<void> {
  if (typeof target !== 'function') return
  for await (const chunk of bytes ?? []) target(chunk)
}

function commandOf(bundle: string): string {
  const config: { process?: { args?: readonly string[] } } = JSON.parse(
    readPlainFile(`${bundle}/config.json`) || '{}',
  )
  return config.process?.args?.[0] ?? 'the command'
}
