import { type ContainerContext, containerPaths } from '../model/context.ts'
import type { Container } from '../model/record.ts'
import { spawnAdopter } from '../session/monitor-client.ts'

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
