import { resizeContainer } from '#engine/process/resize'
import type { ApiCall } from '../call.ts'
import { ApiError } from '../failure.ts'
import { done } from '../reply.ts'
import { containerId } from './find.ts'

/** `POST /containers/{id}/resize`. */
export async function resize(call: ApiCall): Promise<Response> {
  const size = sizeOf(call)
  if (!(await resizeContainer(call.engine, containerId(call), size))) {
    throw new ApiError(409, `cannot resize container ${call.params['id']}: it is not running`)
  }
  return done(200)
}

/** Reads the rows and columns of a terminal. Throws 400. */
export function sizeOf({ query }: Pick<ApiCall, 'query'>): {
  readonly rows: number
  readonly columns: number
} {
  const [rows, columns] = [query.whole('h') ?? 0, query.whole('w') ?? 0]
  const largest = 65_535
  if (rows < 0 || columns < 0 || rows > largest || columns > largest) {
    throw new ApiError(400, 'invalid size of a terminal')
  }
  return { rows, columns }
}
