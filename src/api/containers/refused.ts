import type { ApiHandler } from '../call.ts'
import { ApiError } from '../failure.ts'

/** Docker gives the same status unless it was started with experimental features. */
export const checkpoints: ApiHandler = async () => {
  throw new ApiError(501, 'Cannot use checkpoints: strake has none')
}
