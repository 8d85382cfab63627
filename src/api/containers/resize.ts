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
  return { rows: side(query, 'height'), columns: side(query, 'width') }
}

function side(query: ApiCall['query'], name: 'height' | 'width'): number {
  const text = query.text(name.charAt(0)) ?? ''
  if (!/^\d{1,10}$/.test(text)) {
    throw new ApiError(400, `invalid resize ${name} "${text}": invalid syntax`)
  }
  const size = Number(text)
  if (size > 65_535) throw new ApiError(400, `invalid resize ${name} "${text}": value out of range`)
  return size
}
