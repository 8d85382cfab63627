import { getContainer, isRunning, resizeContainer as resize } from '#container'
import type { WindowSize } from '#platform'
import type { Engine } from '../engine.ts'

/** Sets the size of the terminal of a container. Returns false if it does not run. Throws `NOT_FOUND`. */
export async function resizeContainer(
  engine: Engine,
  name: string,
  size: WindowSize,
): Promise<boolean> {
  const container = getContainer(engine, name)
  if (!isRunning(container)) return false
  await resize(engine, container, size)
  return true
}
