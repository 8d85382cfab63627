import { ContentMismatchError, type ErrorCode, isStrakeError, type StrakeError } from '#oci'
import { TooSlowError } from '#stream'
import { statusOf } from '../errors.ts'
import { isStorageFull } from '../storage-full.ts'
import { ChallengeError, DeniedError, TooLargeError } from './refusals.ts'

/** The answer to a client about a failure. */
export interface Failure {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly detail?: object | undefined
}

/**
 * The specification has a fixed list of codes for answers below 500. A failure without
 * a code of its own gets the nearest one; the status is exact.
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
 * Describes an error to a client. Failures of the server have fixed words, because their
 * messages may hold a path of this machine or the address of another server.
 */
export function describeFailure(error: unknown): Failure {
  if (error instanceof TooSlowError) {
    return { status: 408, code: 'BLOB_UPLOAD_INVALID', message: error.message }
  }
  if (isStorageFull(error)) {
    const message = 'Cannot store this: the registry has no space left'
    return { status: 503, code: 'UNAVAILABLE', message }
  }
  if (error instanceof TooLargeError) {
    return { status: 413, code: error.code, message: error.message }
  }
  const status = isStrakeError(error) ? statusOf[error.code] : 500
  if (!isStrakeError(error) || status === 500) {
    return { status, code: 'UNKNOWN', message: 'Cannot serve the request: internal error' }
  }
  if (status > 500) {
    const message = 'Cannot serve the request: the registry is not able to at the moment'
    return { status, code: error.code, message }
  }
  const code = specified[error.code] ?? error.code
  return { status, code, message: error.message, detail: detailOf(error) }
}

function detailOf(error: StrakeError): object | undefined {
  if (error instanceof ChallengeError || error instanceof DeniedError) return error.detail
  if (!(error instanceof ContentMismatchError)) return undefined
  return { expected: error.expected, actual: error.actual }
}
