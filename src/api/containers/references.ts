import { findNetwork, getContainer } from '#container'
import type { RunOptions } from '#engine/container/run'
import type { Engine } from '#engine/engine'
import { isStrakeError } from '#oci'
import { ApiError } from '../failure.ts'

/**
 * Refuses a container that refers to an absent container or network. The status is 400, because a
 * client that reads 404 pulls the image and tries again.
 */
export function requireReferences(engine: Engine, options: RunOptions): void {
  const { volumesFrom = [], networkOf, pidOf, ipcOf, networks = [] } = options
  const links = networks.flatMap((network) => network.links ?? [])
  const joined = [networkOf, pidOf, ipcOf]
  for (const name of [...volumesFrom.map(({ container }) => container), ...joined]) {
    if (name !== undefined && !exists(() => getContainer(engine, name))) {
      throw new ApiError(400, `No such container: ${name}`)
    }
  }
  for (const { container } of links) {
    if (exists(() => getContainer(engine, container))) continue
    throw new ApiError(
      400,
      `could not get container for ${container}: No such container: ${container}`,
    )
  }
  for (const { name } of networks) {
    if (name !== 'bridge' && !exists(() => findNetwork(engine, name))) {
      throw new ApiError(400, `network ${name} not found`)
    }
  }
}

function exists(find: () => unknown): boolean {
  try {
    find()
    return true
  } catch (error) {
    if (isStrakeError(error, 'NOT_FOUND')) return false
    throw error
  }
}
