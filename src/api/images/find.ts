import { findTarget } from '#engine/image/find-target'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'

/** Returns the name of an image that the path names. Throws 404 with the words that clients compare. */
export function imageName({ engine, params }: Pick<ApiCall, 'engine' | 'params'>): string {
  const name = params['name'] ?? ''
  if (findTarget(engine.records, name) !== undefined) return name
  throw noSuchImage(name)
}

export function noSuchImage(name: string): ApiError {
  const isTagged = /[:@]/.test(name.slice(name.lastIndexOf('/') + 1))
  return new ApiError(404, `No such image: ${isTagged ? name : `${name}:latest`}`)
}
