import { isStrakeError, StrakeError } from '#oci'
import { signalProcess, startTimer, type WindowSize } from '#platform'
import { freeze, ownsCgroups } from '#runtime'
import { containerEvent } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { tryLockContainer } from '../model/lock.ts'
import { type Container, getContainer, groupOf, isRunning } from '../model/record.ts'
import { numberOf, parseSignal, stopSignalOf } from '../model/signal.ts'
import { readState } from '../model/state.ts'
import { type StopReason, writeStopRequest } from '../model/stop-request.ts'
import { askHealth } from '../protocol/ask-health.ts'
import { waitForDeath, waitForEnd } from '../protocol/await-end.ts'
import { connectMonitor } from '../protocol/connection.ts'
import type { ProbeResult } from '../protocol/frames.ts'
import { announceHold } from '../protocol/hold.ts'
import { findContainer, notRunning } from './find.ts'

export interface StopOptions {
  /** Seconds until the container is killed. Default: its stop timeout, which is 10 unless set. */
  readonly timeout?: number | undefined
  readonly stopSignal?: string | undefined
  /** Default `user`. */
  readonly reason?: StopReason | undefined
  /** Ends the waiting, not the container. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Sends a container its stop signal, then kills it. Does nothing to a stopped container. Throws
 * `NOT_FOUND`, and `UNAVAILABLE` for a process that cannot be killed.
 */
export async function stopContainer(
  context: ContainerContext,
  nameOrId: string,
  options: StopOptions = {},
): Promise<void> {
  const container = await findContainer(context, nameOrId)
  if (!isRunning(container)) return
  const timeout = options.timeout ?? container.settings.stopTimeout
  await requestStop(context, container, options.reason)
  await sendSignal(context, container, options.stopSignal ?? stopSignalOf(container.settings))
  if (container.state.status === 'paused') freeze(groupOf(container), false)
  // As in Docker, a negative timeout means no limit.
  const patience = timeout < 0 ? Number.POSITIVE_INFINITY : timeout * 1000
  const ended = waitForDeath(context, container, { ...options, patience })
  const alarm = startTimer(patience, () => void sendSignal(context, container, 'SIGKILL'))
  try {
    await ended
  } finally {
    alarm.cancel()
  }
  await context.records.events.note(containerEvent(container, 'stop'))
}

/** Sends a signal to the container's first process. Throws `CONFLICT` when it does not run, `NOT_FOUND`. */
export async function killContainer(
  context: ContainerContext,
  nameOrId: string,
  name = 'SIGKILL',
): Promise<void> {
  const container = await findContainer(context, nameOrId)
  requireRunning(container, 'kill')
  const wanted = parseSignal(name)
  // As in Docker, a container that a user kills is not restarted.
  if (wanted === 'SIGKILL' || wanted === stopSignalOf(container.settings)) {
    await requestStop(context, container)
  }
  await sendSignal(context, container, wanted)
  if (wanted !== 'SIGKILL') return
  if (container.state.status === 'paused') freeze(groupOf(container), false)
  await waitBriefly(context, container.id)
}

/** Milliseconds for the end of a killed container. A process in a system call of a dead disk needs longer. */
const killLimit = 10_000

/** As in Docker, a killed container has ended when the caller goes on, so that it can be removed. */
async function waitBriefly(context: ContainerContext, id: string): Promise<void> {
  const late = new AbortController()
  const alarm = startTimer(killLimit, () => late.abort())
  try {
    await waitForEnd(context, id, late.signal)
  } catch (error) {
    if (!late.signal.aborted) throw error
  } finally {
    alarm.cancel()
  }
}

/** Freezes all processes of a container. Throws `CONFLICT`, `NOT_FOUND`. */
export async function pauseContainer(context: ContainerContext, nameOrId: string): Promise<void> {
  const container = await findContainer(context, nameOrId)
  requireRunning(container, 'pause')
  if (container.state.status === 'paused') {
    throw new StrakeError(
      'CONFLICT',
      `Cannot pause container ${container.name}: it is already paused`,
    )
  }
  using _lock = tryLockContainer(context, container.id)
  if (!freeze(groupOf(container), true)) throw notFreezable(container)
  await context.records.events.note(containerEvent(container, 'pause'))
}

/**
 * Pauses a container while the caller reads its files. The monitor thaws it if this process is killed.
 * Throws `CONFLICT`, `NOT_FOUND`.
 */
export async function suspendContainer(
  context: ContainerContext,
  nameOrId: string,
): Promise<AsyncDisposable> {
  const { id } = await findContainer(context, nameOrId)
  await using undo = new AsyncDisposableStack()
  // The monitor must know of this process before it can be killed with the container paused.
  undo.use(await announceHold(context, id))
  await pauseContainer(context, id)
  undo.defer(() => resumeIfPaused(context, id))
  return undo.move()
}

/** Another process may have killed or resumed the container before. */
async function resumeIfPaused(context: ContainerContext, id: string): Promise<void> {
  try {
    await unpauseContainer(context, id)
  } catch (error) {
    if (!isStrakeError(error, 'CONFLICT', 'NOT_FOUND')) throw error
  }
}

/** Thaws the processes of a paused container. Throws `CONFLICT`, `NOT_FOUND`. */
export async function unpauseContainer(context: ContainerContext, nameOrId: string): Promise<void> {
  const before = getContainer(context, nameOrId)
  const container = await findContainer(context, before.id)
  // A new monitor resumes a container that a killed command had suspended.
  if (before.state.status === 'paused' && container.state.status === 'running') return
  if (container.state.status !== 'paused') {
    throw new StrakeError(
      'CONFLICT',
      `Cannot unpause container ${container.name}: it is not paused`,
    )
  }
  using _lock = tryLockContainer(context, container.id)
  if (!freeze(groupOf(container), false)) throw notFreezable(container)
  await context.records.events.note(containerEvent(container, 'unpause'))
}

function notFreezable({ name }: Container): StrakeError {
  return new StrakeError(
    'UNSUPPORTED',
    `Cannot pause container ${name}: ${
      ownsCgroups()
        ? 'this machine has no freezer control group'
        : 'this process may not make control groups'
    }`,
  )
}

function requireRunning(container: Container, verb: string): void {
  if (isRunning(container)) return
  throw new StrakeError('CONFLICT', `Cannot ${verb} container ${container.name}: it is not running`)
}

/** Asks the monitor not to restart the container: it checks this file when the container has ended. */
async function requestStop(
  context: ContainerContext,
  { id }: Container,
  reason: StopReason = 'user',
): Promise<void> {
  const paths = containerPaths(context, id)
  writeStopRequest(paths, reason)
  const connection = await connectMonitor(paths.socket)
  await connection?.send({ kind: 'wake' })
  await connection?.close()
}

/**
 * Has the monitor check the health of a running container now. The monitor records the result as
 * that of any other check. Throws `CONFLICT` for a container that does not run or ends meanwhile,
 * `INVALID` for one without health checks, `NOT_FOUND`.
 */
export async function probeContainer(
  context: ContainerContext,
  nameOrId: string,
): Promise<ProbeResult> {
  const container = await findContainer(context, nameOrId)
  const { id, name, settings, state } = container
  if (settings.health === undefined) {
    throw new StrakeError('INVALID', `Cannot check container ${name}: it has no health check`, {
      remedy: 'make it with --health-cmd, or its image with HEALTHCHECK',
    })
  }
  if (state.status !== 'running') throw notRunning('check', container)
  const result = await askHealth(containerPaths(context, id).socket)
  if (result !== undefined) return result
  throw new StrakeError('CONFLICT', `Cannot check container ${name}: it has ended meanwhile`)
}

/** Sets the size of a container's terminal. Does nothing without a terminal or when the container does not run. */
export async function resizeContainer(
  context: Pick<ContainerContext, 'root' | 'run' | 'records'>,
  container: Pick<Container, 'id' | 'name' | 'settings'>,
  size: WindowSize,
): Promise<void> {
  const connection = await connectMonitor(containerPaths(context, container.id).socket)
  if (connection === undefined) return
  await connection.send({ kind: 'resize', ...size })
  await connection.close()
  const attributes = { height: `${size.rows}`, width: `${size.columns}` }
  await context.records.events.note(containerEvent(container, 'resize', attributes))
}

/** Sends a signal to the first process of a container, if it runs. */
export function passSignal(
  context: Pick<ContainerContext, 'root' | 'run'>,
  id: string,
  name: NodeJS.Signals,
): void {
  const { process } = readState(containerPaths(context, id))
  if (process !== undefined) signalProcess(process, name)
}

/**
 * Holds the lock, so that the monitor records the end after the signal. Does not wait for the
 * lock: a container that is being started or inspected must be killed at once.
 */
async function sendSignal(
  context: ContainerContext,
  container: Container,
  name: string | number,
): Promise<void> {
  const { process } = container.state
  if (process === undefined) return
  const wanted = parseSignal(String(name))
  using _lock = tryLockContainer(context, container.id)
  signalProcess(process, wanted)
  const number = typeof wanted === 'number' ? wanted : numberOf(wanted)
  await context.records.events.note(containerEvent(container, 'kill', { signal: String(number) }))
}
