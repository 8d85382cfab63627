import { pathExists } from '#platform'
import {
  type ContainerContext,
  type ContainerPaths,
  containerPaths,
  type StatePlace,
} from '../model/context.ts'
import { isLocked } from '../model/lock.ts'
import { type Container, isRunning } from '../model/record.ts'
import { type ContainerState, directSource } from '../model/state.ts'
import { restarterLives } from '../protocol/restarting.ts'

/**
 * Whether a container runs without a monitor, because its monitor was killed, and no other process
 * works on it. Cheap enough for every `ps`.
 */
export function isOrphaned(
  context: StatePlace,
  { id, state }: Pick<Container, 'id' | 'state'>,
): boolean {
  if (!isRunning({ state }) || state.process === undefined) return false
  if (hasMonitor(context, state)) return false
  return !isLocked(context, id)
}

function hasMonitor({ states = directSource }: StatePlace, { monitor }: ContainerState): boolean {
  return monitor !== undefined && states.isAlive(monitor)
}

/**
 * Whether a stopped container still has mounts or a network, its monitor is dead and no
 * other process works on it, or whether its state is damaged, or whether it has `--rm` and the
 * command that restarted it was killed. Cheap enough for every `ps`.
 */
export function isLost(
  context: StatePlace,
  { id, state, settings }: Pick<Container, 'id' | 'state' | 'settings'>,
): boolean {
  const paths = containerPaths(context, id)
  if (state.status === 'dead') return !isLocked(context, id)
  if (isRunning({ state })) return false
  if (!holdsSomething(state, paths)) {
    return isKeptForRestart({ state, settings }, paths) && !isLocked(context, id)
  }
  if (hasMonitor(context, state)) return false
  return !isLocked(context, id)
}

/** Whether a container with `--rm` has ended and was kept for a restart whose command was killed. */
export function isKeptForRestart(
  { state, settings }: Pick<Container, 'state' | 'settings'>,
  paths: ContainerPaths,
): boolean {
  return settings.remove && state.status === 'exited' && restarterLives(paths) === false
}

/** Whether a stopped container has to be looked at before it is started: most have nothing to clean up. */
export function needsCleanUp(
  context: Pick<ContainerContext, 'root' | 'run'>,
  { id, state }: Pick<Container, 'id' | 'state'>,
): boolean {
  return (
    isRunning({ state }) ||
    state.status === 'dead' ||
    holdsSomething(state, containerPaths(context, id))
  )
}

/** The run directory exists from before the root is mounted until after it is unmounted. */
export function holdsSomething({ root }: ContainerState, { run }: ContainerPaths): boolean {
  return root !== undefined || pathExists(run)
}
