import { existsSync, rmSync } from 'node:fs'
import { type ChildProcess, readPlainFile, type StdioSlot, spawnProcess } from '#platform'
import { startFailure } from './failure.ts'
import {
  discard,
  type ExitStatus,
  type Runtime,
  runtimeCommand,
  runtimeEnvironment,
} from './runtime.ts'

/**
 * Where output goes: nowhere, to our own stream, to a descriptor, or to a
 * function as it comes (only then are a runtime's own complaints kept out).
 */
export type OutputTarget = 'ignore' | 'inherit' | number | ((chunk: Uint8Array) => void)

export interface RunProcessOptions {
  /** Unique on this machine; the name of the control group too. */
  readonly id: string
  /** Directory with `config.json`, private to us. */
  readonly bundle: string
  /** Default: `ignore`, an empty input. */
  readonly stdin?: 'ignore' | 'inherit' | number
  readonly stdout?: OutputTarget
  readonly stderr?: OutputTarget
  /** Kills the container; the promise then rejects with `signal.reason`. */
  readonly signal?: AbortSignal
}

/**
 * Runs a bundle in the foreground to its end and leaves nothing behind: no
 * monitor, no record. Throws `StartError` when it could not be started.
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
      ...['run', '--bundle', bundle, '--pid-file', pidFile, id],
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
  // A runtime that was killed leaves its container behind.
  if (signal?.aborted || existsSync(`${runtime.root}/${id}`)) await discard(runtime, id)
  signal?.throwIfAborted()
  if (!existsSync(pidFile)) throw startFailure(readPlainFile(log) ?? '', commandOf(bundle))
  return { code }
}

/** The runtime does not take its container along when it is killed, so the container goes first. */
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
 * A runtime that cannot start a container says so on the container's standard
 * error; the same words are in its log and become an exception.
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
