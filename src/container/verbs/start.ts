import { mkdirSync, rmSync } from 'node:fs'
import { StartError } from '#runtime'
import { containerEvent, networkEvents } from '../model/container-events.ts'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { lockContainer } from '../model/lock.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { createdState, writeState } from '../model/state.ts'
import { countAnnounced } from '../protocol/announce.ts'
import { needsCleanUp } from '../recovery/abandoned.ts'
import { launchMonitor } from '../session/launch.ts'
import type { MonitorHandle } from '../session/monitor-handle.ts'
import { type PrepareOptions, prepareContainer } from '../setup/prepare.ts'
import { mountEvents } from '../setup/volume-events.ts'
import { findContainer } from './find.ts'

export interface StartOptions {
  /** A monitor that was spawned earlier, to save its start-up time. */
  readonly monitor?: MonitorHandle | undefined
  /** The caller holds the container's lock, and releases it afterwards. */
  readonly isLocked?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Starts a container in the background and returns when it runs. Does nothing if it runs
 * already. Throws `StartError` if it cannot be started, `NOT_FOUND`.
 */
export async function startContainer(
  context: ContainerContext,
  nameOrId: string,
  options: StartOptions = {},
): Promise<void> {
  const found = await findContainer(context, nameOrId)
  if (isRunning(found)) return
  using _lock = options.isLocked ? undefined : await lockContainer(context, found, options.signal)
  const container = getContainer(context, found.id)
  if (isRunning(container)) return
  const monitor = options.monitor ?? launchMonitor(context, { detached: true }).monitor
  const awaitClients = countAnnounced(context, container.id)
  await orderStart(context, container, { ...options, monitor, awaitClients })
  await monitor.expect('started')
  await noteStart(context, container)
  monitor.leave()
}

/**
 * Records a start. The caller holds the container's lock. The monitor takes that lock
 * before it records the end, so start and end are recorded in order.
 */
export async function noteStart(
  context: ContainerContext,
  container: Container,
  { isAttached = false }: { readonly isAttached?: boolean } = {},
): Promise<void> {
  const { records } = context
  await records.events.note(
    ...(isAttached ? [containerEvent(container, 'attach')] : []),
    ...networkEvents(records, container, 'connect'),
    ...mountEvents(container.id, containerPaths(context, container.id)),
    containerEvent(container, 'start'),
  )
}

/** Removes the leftovers of a crash. Throws `NOT_FOUND` for a container with `--rm`, which is removed itself. */
async function cleanUp(context: ContainerContext, container: Container): Promise<void> {
  const { reconcileContainer } = await import('../recovery/reconcile.ts')
  if (await reconcileContainer(context, container)) getContainer(context, container.id)
}

export interface OrderStartOptions extends PrepareOptions {
  readonly monitor: MonitorHandle
}

/** As in Docker, a container that could not be started is `created`, with the reason. */
function noteFailure(path: string, { exitCode, message: error }: StartError): void {
  const finishedAt = new Date().toISOString()
  writeState(path, { ...createdState, exitCode, error, finishedAt })
}

/**
 * Prepares a container and orders the monitor to start it. The caller holds the container's
 * lock until the monitor has started it.
 */
export async function orderStart(
  context: ContainerContext,
  container: Container,
  options: OrderStartOptions,
): Promise<void> {
  const { monitor } = options
  const paths = containerPaths(context, container.id)
  try {
    if (needsCleanUp(context, container)) await cleanUp(context, container)
    mkdirSync(paths.run, { recursive: true, mode: 0o700 })
    rmSync(paths.stopRequest, { force: true })
    await prepareContainer(context, container, options)
  } catch (error) {
    rmSync(paths.run, { recursive: true, force: true })
    if (error instanceof StartError) noteFailure(paths.state, error)
    await monitor.abandon()
    throw error
  }
  await monitor.start(context, paths.directory)
}
