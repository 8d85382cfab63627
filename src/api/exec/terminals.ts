import type { ExecProcess } from '#container'
import { readExec } from '#engine/process/execs'
import type { ApiCall } from '../call.ts'
import { sizeOf } from '../containers/resize.ts'
import { done } from '../reply.ts'

/** The processes that this server has started, by the ID of the exec. */
export const terminals: Map<string, ExecProcess> = new Map()

/** `POST /exec/{id}/resize`. Another server's process keeps its size. */
export async function resize(call: ApiCall): Promise<Response> {
  const { id } = readExec(call.engine, call.params['id'] ?? '')
  terminals.get(id)?.resize(sizeOf(call))
  return done(200)
}
