import { isAlive } from '#platform'
import { type ContainerContext, containerPaths } from '../model/context.ts'
import { isLocked } from '../model/lock.ts'
import { type Container, isRunning } from '../model/record.ts'
import { spawnAdopter } from '../session/monitor-client.ts'

/**
 * Whether a container runs without a monitor, because its monitor was killed, and no other process
 * works on it. Cheap enough for every `ps`.
 */
export function isOrphaned(
  context: Pick<ContainerContext, 'root' | 'run'>,
  { id, state }: Pick<Container, 'id' | 'state'>,
): boolean {
  if (!isRunning({ state }) || state.process === undefined) return false
  if (state.monitor !== undefined && isAlive(state.monitor)) return false
  return !isLocked(context, id)
}

/**
 * Gives a container that runs without a monitor a new one: log, exit code, health checks,
 * restarts, names and removal work again. Returns when the new monitor watches it.
 */
export async function adoptContainer(
  context: Pick<ContainerContext, 'root' | 'run' | 'monitorCommand'>,
  { id }: Pick<Container, 'id'>,
): Promise<void> {
  await spawnAdopter(context, containerPaths(context, id).directory)
}
