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

/** Clients compare the words "is already in use by container". */
export function nameTaken(name: string, holder: string): ApiError {
  return new ApiError(
    409,
    `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
  )
}
