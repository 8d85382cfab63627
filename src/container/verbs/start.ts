import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { StrakeError } from '#oci'
import { isAlive, isSystemError, ownIdentity } from '#platform'
import { ownedName } from '#snapshot'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, getContainer, isRunning } from '../model/record.ts'
import { readIdentity, writeJson } from '../model/state.ts'
import { launchMonitor } from '../session/launch.ts'
import type { MonitorHandle } from '../session/monitor-handle.ts'
import { type PrepareOptions, prepareContainer } from '../setup/prepare.ts'
import { reconcileContainer } from './reconcile.ts'

export interface StartOptions {
  /** One that was spawned earlier, to save its starting time. */
  readonly monitor?: MonitorHandle
  readonly signal?: AbortSignal
}

/**
 * Starts a container in the background and returns once it runs. Throws
 * `StartError` when it does not, `NOT_FOUND`; running already is no error.
 */
export async function startContainer(
  context: ContainerContext,
  nameOrId: string,
  options: StartOptions = {},
): Promise<void> {
  const container = getContainer(context, nameOrId)
  if (isRunning(container)) return
  const monitor = options.monitor ?? launchMonitor(context, { detached: true }).monitor
  await orderStart(context, container, { ...options, monitor, foreground: false })
  await monitor.expect('started')
  monitor.leave()
}

export interface OrderStartOptions extends PrepareOptions {
  readonly monitor: MonitorHandle
  readonly foreground: boolean
}

/** Prepares a container and tells the monitor to start it. */
export async function orderStart(
  context: ContainerContext,
  container: Container,
  options: OrderStartOptions,
): Promise<void> {
  const { monitor, foreground } = options
  const paths = containerPaths(context, container.id)
  await claim(context, container)
  try {
    rmSync(paths.stopRequest, { force: true })
    await prepareContainer(context, container, options)
  } catch (error) {
    rmSync(paths.run, { recursive: true, force: true })
    await monitor.abandon()
    throw error
  }
  await monitor.start(context, paths.directory, foreground)
}

/**
 * Of two who start the same container one wins: whoever puts the run directory
 * in place, with his identity in it.
 */
async function claim(context: ContainerContext, container: Container): Promise<void> {
  const { run, starter } = containerPaths(context, container.id)
  for (let attempt = 0; attempt < 2; attempt++) {
    if (takePlace(run)) return
    const { monitor } = container.state
    const busy = readIdentity(starter) !== undefined || (monitor !== undefined && isAlive(monitor))
    if (busy) break
    await reconcileContainer(context, container)
    rmSync(run, { recursive: true, force: true })
  }
  throw new StrakeError(
    'CONFLICT',
    `Cannot start container ${container.name}: another process is starting it`,
  )
}

function takePlace(run: string): boolean {
  mkdirSync(dirname(run), { recursive: true, mode: 0o700 })
  const made = `${dirname(run)}/${ownedName('place')}`
  mkdirSync(made, { mode: 0o700 })
  writeJson(`${made}/starter.json`, ownIdentity())
  try {
    renameSync(made, run)
    return true
  } catch (error) {
    rmSync(made, { recursive: true, force: true })
    if (isSystemError(error, 'EEXIST', 'ENOTEMPTY')) return false
    throw error
  }
}
