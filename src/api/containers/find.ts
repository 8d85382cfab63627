import { getContainer } from '#container'
import { isStrakeError } from '#oci'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'

/** Returns the ID of the container that the path names. Throws 404 with the words that clients compare. */
export function containerId({ engine, params }: Pick<ApiCall, 'engine' | 'params'>): string {
  const name = (params['id'] ?? '').replace(/^\//, '')
  try {
    return getContainer(engine, name).id
  } catch (error) {
    if (!isStrakeError(error, 'NOT_FOUND')) throw error
    throw new ApiError(404, `No such container: ${name}`, error)
  }
}
