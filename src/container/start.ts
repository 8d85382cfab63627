import { mkdirSync, rmSync } from 'node:fs'
import { StrakeError } from '#oci'
import {
  identifyProcess,
  isAlive,
  isSystemError,
  ownIdentity,
  type ProcessIdentity,
} from '#platform'
import { type ContainerContext, containerPaths } from './context.ts'
import { type Container, getContainer, isRunning } from './model/record.ts'
import { readJson, writeJson } from './model/state.ts'
import { reconcileContainer } from './reconcile.ts'
import { type MonitorHandle, spawnMonitor } from './session/monitor-client.ts'
import { type PrepareOptions, prepareContainer } from './setup/prepare.ts'

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
  const monitor = options.monitor ?? spawnMonitor(context)
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
  await monitor.send({ type: 'start', directory: paths.directory, foreground })
}

/** Of two who start the same container one wins: whoever makes its run directory. */
async function claim(context: ContainerContext, container: Container): Promise<void> {
  const { run } = containerPaths(context, container.id)
  for (let attempt = 0; attempt < 2; attempt++) {
    if (tryMake(run)) {
      writeJson(`${run}/starter.json`, ownIdentity())
      return
    }
    const starter = readIdentity(`${run}/starter.json`)
    const { monitor } = container.state
    const busy = [starter, monitor].some((one) => one !== undefined && isAlive(one))
    if (busy && starter?.pid !== process.pid) break
    await reconcileContainer(context, container)
  }
  throw new StrakeError(
    'CONFLICT',
    `Cannot start container ${container.name}: another process is starting it`,
  )
}

function tryMake(path: string): boolean {
  mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o700 })
  try {
    mkdirSync(path, { mode: 0o700 })
    return true
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false
    throw error
  }
}

function readIdentity(path: string): ProcessIdentity | undefined {
  const value: { pid?: unknown; startTime?: unknown } | undefined = readJson(path)
  if (typeof value?.pid !== 'number') return undefined
  const now = identifyProcess(value.pid)
  return now?.startTime === value.startTime ? now : undefined
}
