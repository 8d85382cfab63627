import { bootId } from '#platform'
import { mapConcurrently } from '#stream'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { type Container, isRunning, listContainers, lostExitCode } from '../model/record.ts'
import { networksOf } from '../model/settings.ts'
import { isStoppedByUser } from '../model/stop-request.ts'
import { shouldRestart } from '../monitor/restart.ts'
import { inStartOrder, startsAtBoot } from '../recovery/boot-start.ts'
import { stopContainer } from './control.ts'
import { startContainer } from './start.ts'

/** What became of one container. */
export interface ContainerOutcome {
  readonly name: string
  /** Why it could not be started or stopped; absent on success. */
  readonly error?: unknown
}

export interface AllOptions {
  /** Called for each container, as soon as its outcome is known. */
  readonly onOutcome?: ((outcome: ContainerOutcome) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** More starts at once would only wait for each other: the kernel makes one namespace at a time. */
const atOnce = 8

/**
 * Starts the containers that start with the machine, each after those that it needs. Containers that
 * run already stay as they are. The caller has cleaned up after the last run of the machine.
 */
export async function startAllContainers(
  context: ContainerContext,
  options: AllOptions = {},
): Promise<void> {
  const stopped = listContainers(context).filter((container) => {
    const isStopped = isStoppedByUser(containerPaths(context, container.id))
    const { state, settings } = container
    return (
      !isRunning(container) && startsAtBoot(settings.restart, { state, isStoppedByUser: isStopped })
    )
  })
  await startInOrder(context, stopped, options)
}

/**
 * Applies the restart policy of containers that have ended while they had no monitor. `ended` has
 * the containers as they were. Those of an earlier run of the machine wait for `startAllContainers`,
 * which a user may not want.
 */
export async function restartLost(
  context: ContainerContext,
  ended: readonly Container[],
  options: AllOptions = {},
): Promise<void> {
  const wanted = ended.filter(({ id, settings, state }) => {
    if (state.monitor?.bootId !== bootId()) return false
    const stopRequested = isStoppedByUser(containerPaths(context, id))
    const ending = { code: lostExitCode, ran: 0, stopRequested, restarts: state.restartCount }
    return shouldRestart(settings.restart, ending)
  })
  await startInOrder(context, wanted, options)
}

async function startInOrder(
  context: ContainerContext,
  containers: readonly Container[],
  { onOutcome, signal }: AllOptions,
): Promise<void> {
  const ordered = inStartOrder(containers.toReversed(), needsOf)
  const starts = new Map<Container, Promise<void>>()
  await mapConcurrently(
    ordered,
    atOnce,
    async (container) => {
      const needs = needsOf(container)
      const before = ordered.filter(({ id }) => needs.includes(id))
      // One that fails keeps no other from its own attempt, which then names the reason.
      await Promise.allSettled(before.map((one) => starts.get(one)))
      const start = startContainer(context, container.id, { signal })
      starts.set(container, start)
      await settle(container, start, onOutcome)
    },
    signal,
  )
}

/** The IDs of the containers that run before a container can start. */
function needsOf({ settings }: Container): readonly string[] {
  const { networkOf = [], pidOf = [], ipcOf = [] } = settings
  const links = networksOf(settings).flatMap((choice) => choice.links ?? [])
  return [networkOf, pidOf, ipcOf, links.map(({ container }) => container)].flat()
}

/** Stops all containers because the machine goes down: the next start of the machine starts them again. */
export async function stopAllContainers(
  context: ContainerContext,
  { onOutcome, signal }: AllOptions = {},
): Promise<void> {
  const running = listContainers(context).filter(isRunning)
  // All at once: each of them may take its whole stop timeout.
  const stops = running.map((container) => {
    const stop = stopContainer(context, container.id, { reason: 'shutdown', signal })
    return settle(container, stop, onOutcome)
  })
  await Promise.all(stops)
}

async function settle(
  { name }: Container,
  work: Promise<void>,
  onOutcome: AllOptions['onOutcome'],
): Promise<void> {
  try {
    await work
    onOutcome?.({ name })
  } catch (error) {
    onOutcome?.({ name, error })
  }
}
