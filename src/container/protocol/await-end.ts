import { setTimeout as sleep } from 'node:timers/promises'
import { StrakeError } from '#oci'
import { isAlive, startTimer } from '#platform'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, isRunning, lostExitCode } from '../model/record.ts'
import { readState } from '../model/state.ts'
import { connectMonitor, type MonitorConnection } from './connection.ts'

/** Waits for the end of a container that may remove itself, and returns its exit code. */
export async function waitForEnd(
  context: ContainerContext,
  id: string,
  signal?: AbortSignal,
): Promise<number> {
  const paths = containerPaths(context, id)
  const connection = await connectMonitor(paths.socket)
  if (connection !== undefined) {
    const code = await exitCodeFrom(connection, signal)
    if (code !== undefined) return code
  }
  // Without a monitor to report the end, poll until both processes are gone.
  for (;;) {
    const state = readState(paths)
    const { process, monitor } = state
    if (![process, monitor].some((one) => one !== undefined && isAlive(one))) {
      if (isRunning({ state })) return lostExitCode
      return state.status === 'created' ? recordedExitCode(context, id) : state.exitCode
    }
    await sleep(50, undefined, { signal })
  }
}

/** A container that has removed itself has no state any more, but the event of its end has the code. */
function recordedExitCode({ records }: ContainerContext, id: string): number {
  const end = records.events.list({ types: ['container'], actions: ['die'], actors: [id] }).at(-1)
  return Number(end?.attributes['exitCode'] ?? 0)
}

/** How long the kernel may take to end a killed process, in milliseconds. */
const deathLimit = 15_000

interface DeathOptions {
  /** Milliseconds until the container is killed. */
  readonly patience: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Waits for the end of a container that is killed. The kernel ends no process that waits for a device
 * or a network file system, or whose control group is frozen from above: then it throws `UNAVAILABLE`.
 */
export async function waitForDeath(
  context: ContainerContext,
  { id, name }: Pick<Container, 'id' | 'name'>,
  { patience, signal }: DeathOptions,
): Promise<number> {
  const limit = new AbortController()
  const alarm = startTimer(patience + deathLimit, () => limit.abort())
  const signals = signal === undefined ? [limit.signal] : [limit.signal, signal]
  try {
    return await waitForEnd(context, id, AbortSignal.any(signals))
  } catch (error) {
    if (!limit.signal.aborted || signal?.aborted) throw error
    const { process } = readState(containerPaths(context, id))
    // Its monitor still cleans up.
    if (process === undefined || !isAlive(process)) return await waitForEnd(context, id, signal)
    throw new StrakeError(
      'UNAVAILABLE',
      `Cannot end container ${name}: process ${process.pid} was killed and is still there`,
      {
        remedy: 'find what it waits for: a device, a network file system or a frozen control group',
      },
    )
  } finally {
    alarm.cancel()
  }
}

async function exitCodeFrom(
  connection: MonitorConnection,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const close = (): void => connection.destroy()
  signal?.addEventListener('abort', close, { once: true })
  try {
    await connection.send({ kind: 'hello', hello: { output: false } })
    for await (const frame of connection.frames) {
      if (frame.kind === 'exit') return frame.code
    }
    signal?.throwIfAborted()
    return undefined
  } finally {
    signal?.removeEventListener('abort', close)
    connection.destroy()
  }
}
