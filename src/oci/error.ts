/** The error codes of the distribution specification, for errors of registries. */
export type RegistryErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'TOOMANYREQUESTS'
  | 'RANGE_INVALID'

/** The seven neutral codes, used everywhere else. */
export type NeutralErrorCode =
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'INVALID'
  | 'CONFLICT'
  | 'UNSUPPORTED'
  | 'UNAVAILABLE'
  | 'INTERNAL'

export type ErrorCode = RegistryErrorCode | NeutralErrorCode

export interface StrakeErrorOptions {
  readonly cause?: unknown
  /** What the user can do about it, as an imperative clause: `log in with strake login`. */
  readonly remedy?: string | undefined
}

/**
 * Every error that strake throws on purpose. The message has the form `Cannot <verb> <thing>:
 * <reason>` and is complete without `remedy`, which is printed after it. Programming errors are
 * `TypeError` and `RangeError`; cancellation throws `signal.reason`.
 */
export class StrakeError extends Error {
  readonly code: ErrorCode
  readonly remedy: string | undefined

  constructor(code: ErrorCode, message: string, options: StrakeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'StrakeError'
    this.code = code
    this.remedy = options.remedy
  }
}

/** Content that does not match its descriptor: it has another digest or another size. */
export class ContentMismatchError extends StrakeError {
  readonly expected: string
  readonly actual: string

  constructor(what: string, expected: string, actual: string, options: StrakeErrorOptions = {}) {
    super('DIGEST_INVALID', `Cannot accept ${what}: expected ${expected}, got ${actual}`, options)
    this.name = 'ContentMismatchError'
    this.expected = expected
    this.actual = actual
  }
}

/** True for a `StrakeError` with one of `codes`; without `codes`, for every `StrakeError`. */
export function isStrakeError(
  error: unknown,
  ...codes: readonly ErrorCode[]
): error is StrakeError {
  return error instanceof StrakeError && (codes.length === 0 || codes.includes(error.code))
}
