import { StrakeError } from '#oci'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'

/**
 * `POST /build/cancel`: ends the build to which its client gave this ID. As in Docker, an ID that no
 * build has is no error.
 */
export async function cancel({ query, builds }: ApiCall): Promise<Response> {
  const id = query.text('id')
  if (id === undefined) throw new ApiError(400, 'build ID not provided')
  builds.get(id)?.()
  return new Response(null, { headers: { 'Content-Type': 'application/json' } })
}

/** A build that its client can end by another request, until it is disposed of. */
export interface Cancelable extends Disposable {
  readonly signal: AbortSignal
}

export function cancelable({ query, builds, signal }: ApiCall): Cancelable {
  const id = query.text('buildid')
  const stop = new AbortController()
  const cancelBuild = (): void =>
    stop.abort(new StrakeError('CONFLICT', 'Cannot go on with the build: its client cancelled it'))
  if (id !== undefined) builds.set(id, cancelBuild)
  return {
    signal: AbortSignal.any([signal, stop.signal]),
    [Symbol.dispose]() {
      if (id !== undefined && builds.get(id) === cancelBuild) builds.delete(id)
    },
  }
}
