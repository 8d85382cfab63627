import { ContentMismatchError, type ErrorCode, isStrakeError } from '#oci'
import { TooSlowError } from '#stream'
import { statusOf } from '../errors.ts'

/** What a client is told about something that failed. */
export interface Failure {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly detail?: object | undefined
}

/**
 * The specification has a list of codes for answers below 500, so what it has no
 * code for gets the nearest of them; the status says it exactly.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes
 */
const specified: Partial<Record<ErrorCode, string>> = {
  RANGE_INVALID: 'BLOB_UPLOAD_INVALID',
  CONFLICT: 'BLOB_UPLOAD_INVALID',
  ALREADY_EXISTS: 'DENIED',
  NOT_FOUND: 'UNSUPPORTED',
  INVALID: 'UNSUPPORTED',
}

/**
 * Describes an error to a client. What the client has no part in is said in
 * fixed words: the message of such an error may hold a path of this machine, or
 * the address of a server behind this one.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof TooSlowError) {
    return { status: 408, code: 'BLOB_UPLOAD_INVALID', message: error.message }
  }
  if (isStorageFull(error)) {
    const message = 'Cannot store this: the registry has no space left'
    return { status: 503, code: 'UNAVAILABLE', message }
  }
  const status = isStrakeError(error) ? statusOf[error.code] : 500
  if (!isStrakeError(error) || status === 500) {
    return { status, code: 'UNKNOWN', message: 'Cannot serve the request: internal error' }
  }
  if (status > 500) {
    const message = 'Cannot serve the request: the registry is not able to at the moment'
    return { status, code: error.code, message }
  }
  const isMismatch = error instanceof ContentMismatchError
  const detail = isMismatch ? { expected: error.expected, actual: error.actual } : undefined
  return { status, code: specified[error.code] ?? error.code, message: error.message, detail }
}

/** True where the reason, or the reason of the reason, is a disk or quota without room. */
function isStorageFull(error: unknown): boolean {
  let cause = error
  for (let depth = 0; cause instanceof Error && depth < 8; depth += 1) {
    if ('code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT')) return true
    cause = cause.cause
  }
  return false
}
