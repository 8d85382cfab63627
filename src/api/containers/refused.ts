import type { ApiHandler } from '../call.ts'
import { ApiError } from '../failure.ts'

/** Docker answers so unless it was started for experiments. */
export const checkpoints: ApiHandler = async () => {
  throw new ApiError(501, 'Cannot use checkpoints: strake has none')
}
