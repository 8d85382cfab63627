import type { ApiHandler } from '../call.ts'
import { ApiError } from '../failure.ts'
import { containerId } from './find.ts'

/** Docker answers so unless it was started for experiments. */
export const checkpoints: ApiHandler = async () => {
  throw new ApiError(501, 'Cannot use checkpoints: strake has none')
}

export const webSocket: ApiHandler = async (call) => {
  containerId(call)
  throw new ApiError(501, 'Cannot attach by a web socket: use POST /containers/{id}/attach')
}
