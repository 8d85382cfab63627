import { removeFile, signalProcess } from '#platform'
import { cgroupPath, oomKills } from '#runtime'
import type { NoteEvent } from '../model/container-events.ts'
import type { ContainerPaths } from '../model/context.ts'
import type { MonitorOrder } from '../protocol/order.ts'
import type { HealthSupervision, SuperviseHealthOptions } from '../services/health-action.ts'
import type { Adopted } from './adopted-process.ts'
import type { ContainerInput } from './input.ts'
import { carryOutput, type OutputTargets } from './output.ts'
import { keepFilter, type RunningContainer, startProcess } from './process.ts'

export interface BeginRunOptions {
  readonly order: MonitorOrder
  readonly paths: ContainerPaths
  /** The run that another monitor has started, if there is one. */
  readonly adopted: Adopted | undefined
  /** How often the container was started again before this run. */
  readonly restarts: number
}

/** Starts a run of a container, or takes over the one that another monitor has started. */
export async function beginRun({
  order,
  paths,
  adopted,
  restarts,
}: BeginRunOptions): Promise<RunningContainer> {
  if (adopted !== undefined) {
    const { adoptContainer } = await import('./adopted-process.ts')
    return adoptContainer(order, adopted)
  }
  // The health of the last run says nothing about this one.
  removeFile(paths.health)
  if (restarts > 0) {
    const { prepareAgain } = await import('#runtime/bundle/prepare-again')
    await prepareAgain(paths.directory)
  }
  return await startProcess(order, paths)
}

export interface FollowRunOptions {
  readonly order: MonitorOrder
  readonly paths: ContainerPaths
  readonly targets: OutputTargets
  readonly input: ContainerInput
  readonly note: NoteEvent
  /** Milliseconds that the container has run already. */
  readonly age: number
  /** Called when the container is to be started again whatever its restart policy is. */
  readonly onRestart: () => void
  /** Called when the health of this run is watched, and with `undefined` when it no longer is. */
  readonly onHealth: (health: HealthSupervision | undefined) => void
}

/** How one run of a container ended. */
export interface RunEnd {
  readonly code: number
  readonly oomKilled: boolean
  /** Why the code is not that of the process. */
  readonly problem: string | undefined
}

/**
 * Watches one run of a container until it ends. Passes its input and all of its output on, and
 * probes its health.
 */
export async function followRun(
  container: RunningContainer,
  { order, paths, targets, input, note, age, onRestart, onHealth }: FollowRunOptions,
): Promise<RunEnd> {
  const over = new AbortController()
  input.open({ input: container.input, over: over.signal })
  const carried = carryOutput(container.outputs, targets, over.signal)
  const health = await startHealth({ order, paths, container, note, age, onRestart })
  onHealth(health)
  await keepFilter(order, paths)
  const { code, problem } = await container.exited
  onHealth(undefined)
  health?.[Symbol.dispose]()
  const oomKilled = oomKills(cgroupPath(order.id, order.cgroupParent)) > 0
  const alarm = setTimeout(() => over.abort(), drainLimit)
  await carried
  clearTimeout(alarm)
  over.abort()
  await targets.log?.flush()
  input.close()
  void container.input?.end()
  if (container.holder !== undefined) signalProcess(container.holder, 'SIGKILL')
  return { code, oomKilled, problem }
}

/** Loads the code only for a container that has health checks. */
async function startHealth(
  options: SuperviseHealthOptions,
): Promise<HealthSupervision | undefined> {
  if (options.order.health === undefined) return undefined
  const { superviseHealth } = await import('../services/health-action.ts')
  return superviseHealth(options)
}

/**
 * Milliseconds in which output is passed on after the first process has ended. Another
 * process may hold the pipe, or a reader may be slow.
 */
const drainLimit = 3000
