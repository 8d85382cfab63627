import {
  type AllOptions,
  type ContainerOutcome,
  startAllContainers,
  stopAllContainers,
} from '#container'
import { containerContext } from '../container/container-context.ts'
import type { Engine } from '../engine.ts'
import { cleanUp } from '../store/cleanup.ts'

export type { ContainerOutcome }

/**
 * Cleans up after the last run of the machine, then starts the containers whose restart policy
 * asks for it, each after those that it needs. Returns one line for each kind of leftovers.
 */
export async function startAll(
  engine: Engine,
  options: AllOptions = {},
): Promise<readonly string[]> {
  const lines = await cleanUp(engine)
  await startAllContainers(await containerContext(engine), options)
  return lines
}

/** Stops all containers in a way that `startAll` starts them again. */
export async function stopAll(engine: Engine, options: AllOptions = {}): Promise<void> {
  await stopAllContainers(await containerContext(engine), options)
}
