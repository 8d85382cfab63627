/** The distribution specification's own error codes, used where a registry speaks. */
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
  /** What the reader can do about it, as an imperative clause: `log in with strake login`. */
  readonly remedy?: string | undefined
}

/**
 * Everything strake throws on purpose. The message reads `Cannot <verb> <thing>:
 * <reason>` and stands alone; `remedy` is printed after it. Programming errors
 * stay `TypeError` and `RangeError`; cancellation rethrows `signal.reason`.
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

/** Content that is not what its descriptor says: another digest, or another size. */
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

/** True for a `StrakeError` that carries one of `codes`; any code when none is named. */
export function isStrakeError(
  error: unknown,
  ...codes: readonly ErrorCode[]
): error is StrakeError {
  return error instanceof StrakeError && (codes.length === 0 || codes.includes(error.code))
}
